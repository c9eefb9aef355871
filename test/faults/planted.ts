/**
 * Thirty bugs that a loop like ours could have, each planted between the real parts: the oracle must catch every one.
 *
 * `loses`: a message is lost or invented, so that accounting must not come out at 0 either.
 */
import type { OutMessage } from "../../kafka/producer.ts";
import type { Plan } from "../../registry/plan.ts";
import { HEADERS } from "../../schemas/topics.ts";
import type { AnomalyName } from "../anomalies.ts";
import type { Plant } from "./pipeline.ts";

export interface Bug extends Plant {
  name: string;
  /** The anomaly that names it, among others that may follow. */
  caught: AnomalyName;
  loses?: boolean;
}

/** Another registry that the oracle knows. */
export const OTHER_VERSION = "0.0.1+00000000";
/** Where the added members of an enriched message begin. */
const ADDED = ',"device_metadata"';
const isDead = (topic: string) => topic.endsWith(".dlq");
const sourceOf = ({ headers }: OutMessage) => Number(headers?.[HEADERS.sourceOffset]);
const textOf = ({ value }: OutMessage) => value?.toString() ?? "";

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

const withHeader = (message: OutMessage, name: string, value: string): OutMessage => ({
  ...message,
  headers: { ...message.headers, [name]: value },
});

/** The first batch that is long enough dies there; after that the loop is sound again, as a new process would be. */
function once(act: NonNullable<Plant["handle"]>): Plant["handle"] {
  let done = false;
  return async (batch, handle, commit) => {
    if (done || batch.messages.length < 3) return handle(batch);
    done = true;
    return act(batch, handle, commit);
  };
}

export function bugs(): Bug[] {
  let previous = "";
  let failed = false;
  let sends = 0;
  return [
    {
      name: "commits before it produces",
      caught: "lost",
      loses: true,
      handle: once(async (batch, _, commit) => {
        await commit((batch.messages.at(-1)?.offset ?? 0) + 1);
        throw new Error("killed");
      }),
    },
    {
      name: "commits one offset too many",
      caught: "commit past the output",
      loses: true,
      commit: (next) => next + 1,
    },
    {
      name: "commits the end of the partition instead of what it has handled",
      caught: "lost",
      loses: true,
      commit: (_, highWatermark) => highWatermark,
      handle: killedAfter(3),
    },
    {
      name: "does not wait for the acknowledgement",
      caught: "lost",
      loses: true,
      send: async () => {},
      handle: killedAfter(2),
    },
    {
      name: "drops the last message of a batch",
      caught: "lost",
      loses: true,
      handle: (batch, handle) => handle({ ...batch, messages: batch.messages.slice(0, -1) }),
    },
    {
      name: "drops the first message of a batch",
      caught: "lost",
      loses: true,
      handle: (batch, handle) => handle({ ...batch, messages: batch.messages.slice(1) }),
    },
    {
      name: "skips an offset in the middle of a batch",
      caught: "lost",
      loses: true,
      handle: (batch, handle) =>
        handle({ ...batch, messages: batch.messages.filter((_, index) => index !== 1) }),
    },
    {
      name: "loses the last output on the way to the producer",
      caught: "lost",
      loses: true,
      send: (topic, messages, send) => send(topic, isDead(topic) ? messages : messages.slice(0, -1)),
    },
    {
      name: "swallows a dead letter",
      caught: "lost",
      loses: true,
      send: async (topic, messages, send) => {
        if (!isDead(topic)) await send(topic, messages);
      },
    },
    {
      name: "swallows the error of a failed send",
      caught: "lost",
      loses: true,
      send: (topic, messages, send) =>
        (sends++ % 3 === 1 ? Promise.reject(new Error("away")) : send(topic, messages)).catch(() => {}),
    },
    {
      name: "sends only the second half when it tries again",
      caught: "lost",
      loses: true,
      send: async (topic, messages, send) => {
        if (isDead(topic) || messages.length < 2) return send(topic, messages);
        await send(topic, messages.slice(Math.floor(messages.length / 2)));
      },
    },
    {
      name: "takes a message for a repetition because it looks like the one before",
      caught: "lost",
      loses: true,
      handle: (batch, handle) =>
        handle({
          ...batch,
          messages: batch.messages.filter(({ value }, index) => {
            const before = batch.messages[index - 1]?.value;
            return !before || !value || !before.equals(value);
          }),
        }),
    },
    {
      name: "invents a message with an offset that does not exist",
      caught: "invented",
      loses: true,
      send: (topic, [first, ...rest], send) =>
        send(topic, first ? [first, ...rest, withHeader(first, HEADERS.sourceOffset, "1000000")] : []),
    },
    {
      name: "sends a heartbeat of its own into the stream",
      caught: "invented",
      loses: true,
      send: (topic, messages, send) =>
        send(topic, [...messages, { key: "self", value: "{}", partition: messages[0]?.partition }]),
    },
    {
      name: "writes a dead letter and the enriched message too",
      caught: "duplicated for a reader",
      loses: true,
      send: async (topic, messages, send) => {
        await send(topic, messages);
        const dlq = topic.replace(".enriched", ".raw.dlq");
        if (!isDead(topic)) await send(dlq, messages.slice(0, 1));
      },
    },
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

/** Ends the loop after so many batches, once. */
function killedAfter(batches: number): Plant["handle"] {
  let left = batches;
  return async (batch, handle) => {
    if (left-- === 0) throw new Error("killed");
    return handle(batch);
  };
}
