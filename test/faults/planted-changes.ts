/** Bugs that change the order, the place or the content of what goes out, and lose nothing. */
import { type OutMessage, wholeValue } from "../../kafka/producer.ts";
import type { Plan } from "../../judge/plan.ts";
import { HEADERS } from "../../schemas/topics.ts";
import type { Plant } from "./pipeline.ts";
import type { Bug } from "./planted.ts";
import { isDead, withHeader } from "./planted-messages.ts";

/** Another registry that the oracle knows. */
export const OTHER_VERSION = "0.0.1+00000000";
/** Where the added members of an enriched message begin. */
const ADDED = ',"device_metadata"';
const sourceOf = ({ headers }: OutMessage) => Number(headers?.[HEADERS.sourceOffset]);
const textOf = (message: OutMessage) => wholeValue(message)?.toString() ?? "";

/** Changes each enriched message. */
const enriched =
  (change: (message: OutMessage, index: number, all: OutMessage[]) => OutMessage): Plant["send"] =>
  (topic, messages, send) =>
    send(topic, isDead(topic) ? messages : messages.map(change));

/** Changes each dead letter. */
const dead =
  (change: (message: OutMessage) => OutMessage): Plant["send"] =>
  (topic, messages, send) =>
    send(topic, isDead(topic) ? messages.map(change) : messages);

export function changes(): Bug[] {
  let previous = "";
  let failed = false;
  return [
    {
      name: "sends two parts of a batch at the same time",
      caught: "reordered",
      send: async (topic, messages, send) => {
        const half = Math.floor(messages.length / 2);
        await send(topic, messages.slice(half));
        await send(topic, messages.slice(0, half));
      },
    },
    {
      name: "sends everything twice",
      caught: "duplicated on the wire",
      repeats: "never",
      send: async (topic, messages, send) => {
        await send(topic, messages);
        return send(topic, messages);
      },
    },
    {
      name: "sends dead letters from the last to the first",
      caught: "reordered",
      send: (topic, messages, send) => send(topic, isDead(topic) ? messages.toReversed() : messages),
    },
    {
      name: "gives dead letters the time of day",
      caught: "wrong timestamp",
      send: dead((message) => ({ ...message, timestamp: Date.now() })),
    },
    {
      name: "gives every dead letter the same reason",
      caught: "wrong content",
      send: dead((message) => ({
        ...message,
        headers: { ...message.headers, [HEADERS.reason]: "internal" },
      })),
    },
    {
      name: "sorts a batch by device",
      caught: "reordered",
      send: (topic, messages, send) =>
        send(
          topic,
          [...messages].sort((a, b) => `${b.key}`.localeCompare(`${a.key}`)),
        ),
    },
    {
      name: "tries a failed message again after its followers",
      caught: "reordered",
      send: async (topic, [first, ...rest], send) => {
        if (failed || rest.length === 0) return send(topic, first ? [first, ...rest] : []);
        failed = true;
        await send(topic, rest);
        await send(topic, first ? [first] : []);
      },
    },
    {
      name: "chooses the partition by the key's hash",
      caught: "wrong partition",
      // The next start finds other messages at these offsets, takes iot.raw for another one, and names its epoch.
      also: ["accounting", "commit past the output", "lost", "wrong content"],
      send: (topic, messages, send) =>
        send(
          topic,
          messages.map((message) => ({ ...message, partition: undefined })),
        ),
    },
    {
      name: "stamps the output with its own time",
      caught: "wrong timestamp",
      send: enriched((message) => ({ ...message, timestamp: Date.now() })),
    },
    {
      name: "writes the parsed JSON again: 1.50 becomes 1.5",
      caught: "wrong content",
      send: enriched((message) => ({ ...message, value: JSON.stringify(JSON.parse(textOf(message))) })),
    },
    {
      name: "judges by a stale plan under the new one's name",
      caught: "wrong content",
      plan: (plan) => stale(plan, plan.version),
    },
    {
      name: "names another registry than the one that judged",
      caught: "wrong content",
      send: enriched((message) => withHeader(message, HEADERS.registry, OTHER_VERSION)),
    },
    {
      name: "judges by the clock instead of the record timestamp",
      caught: "wrong content",
      also: ["wrong timestamp"],
      handle: (batch, handle) =>
        handle({
          ...batch,
          messages: batch.messages.map((raw) => ({ ...raw, timestamp: raw.timestamp + 3_600_000 })),
        }),
    },
    {
      name: "remembers the message before",
      caught: "wrong content",
      send: enriched((message) => {
        const value = textOf(message);
        const added = value.slice(value.indexOf(ADDED));
        const remembered = value.replace(added, () => previous || added);
        previous = added;
        return { ...message, value: remembered };
      }),
    },
    {
      name: "gives each output its neighbour's source offset",
      caught: "wrong content",
      also: [
        "accounting",
        "commit past the output",
        "lost",
        "reordered",
        "wrong partition",
        "wrong timestamp",
      ],
      send: enriched((message, index, all) =>
        withHeader(message, HEADERS.sourceOffset, `${sourceOf(all[all.length - 1 - index] ?? message)}`),
      ),
    },
    {
      name: "drops the key",
      caught: "wrong content",
      send: enriched((message) => ({ ...message, key: null })),
    },
    {
      name: "forwards a header from outside",
      caught: "wrong content",
      send: enriched((message) => withHeader(message, "iot.reason", "from outside")),
    },
    {
      name: "trims what it puts among the dead letters",
      caught: "wrong content",
      send: dead((message) => ({ ...message, value: `${textOf(message).trim()}…` })),
    },
    {
      name: "replaces bytes that are not UTF-8 before it judges",
      caught: "wrong content",
      handle: (batch, handle) =>
        handle({
          ...batch,
          messages: batch.messages.map((raw) => ({
            ...raw,
            value: raw.value && Buffer.from(raw.value.toString()),
          })),
        }),
    },
  ];
}

/** A plan whose types are called otherwise. */
export function stale(plan: Plan, version: string): Plan {
  const types = plan.types.map((type) => ({
    ...type,
    metadata_json: type.metadata_json.replaceAll("_", "-"),
  }));
  return { ...plan, version, types };
}
