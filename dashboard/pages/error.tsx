/** What a wrong address or filter gets: what is wrong, and a way back. */
import type { ApiTopic } from "../../schemas/api.ts";
import { count } from "../format.ts";
import type { ViewModel } from "../model/view.ts";
import { type Frame, Layout } from "./layout.tsx";

interface Props {
  frame: Frame;
  title: string;
  detail: string;
  back?: { name: string; href: string };
}

export const ErrorPage = ({ frame, title, detail, back = { name: "Overview", href: "/" } }: Props) => (
  <Layout frame={frame} title={title}>
    <section class="card">
      <div class="empty">
        <b>{title}</b>
        <p>{detail}</p>
        <a class="btn" href={back.href}>
          {back.name}
        </a>
      </div>
    </section>
  </Layout>
);

/** Why no message is at a place, as far as the partitions tell. */
export function whyAbsent(view: ViewModel, topic: ApiTopic, partition: number, offset: number): string {
  const { partitions } = view.topics[topic];
  const place = `${topic}[${partition}]@${count(offset)}`;
  if (partitions.size === 0) return `${place} is not there, no longer there, or not there yet.`;
  const known = partitions.get(partition);
  if (known === undefined)
    return `${place}: the topic has the partitions ${[...partitions.keys()].sort((a, b) => a - b).join(", ")}.`;
  return offset < known.end
    ? `${place} is no longer kept.`
    : `${place} is not there yet: the next offset of this partition is ${count(known.end)}.`;
}
