/** Where a message stands: topic, partition, offset, as an address names them. */
import { API_TOPICS, type ApiTopic } from "../../schemas/api.ts";

export type MessageAddress =
  | { ok: true; topic: ApiTopic; partition: number; offset: number }
  | { ok: false; parameter: string; detail: string };

export function readMessageAddress(params: Record<string, string | undefined>): MessageAddress {
  const topic = API_TOPICS.find((name) => name === params.topic);
  if (topic === undefined)
    return {
      ok: false,
      parameter: "topic",
      detail: `expected ${API_TOPICS.join(", ")}, found "${params.topic}"`,
    };
  for (const [parameter, form] of [
    ["partition", /^\d{1,9}$/],
    ["offset", /^\d{1,15}$/],
  ] as const)
    if (!form.test(params[parameter] ?? ""))
      return { ok: false, parameter, detail: `expected a whole number, found "${params[parameter]}"` };
  return { ok: true, topic, partition: Number(params.partition), offset: Number(params.offset) };
}
