/** What a wrong address or filter gets: what is wrong, and a way back. */
import { type Frame, Layout } from "./layout.tsx";

interface Props {
  frame: Frame;
  title: string;
  detail: string;
  back?: { name: string; href: string };
}

export const WrongPage = ({ frame, title, detail, back = { name: "Overview", href: "/" } }: Props) => (
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
