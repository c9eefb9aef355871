/** Bugs that lose or invent a message. */
import { HEADERS } from "../../schemas/topics.ts";
import type { Plant } from "./pipeline.ts";
import type { Bug } from "./planted.ts";
import { isDead, withHeader } from "./planted-messages.ts";

const lost = {
  caught: "lost",
  also: ["accounting", "commit past the output"],
  loses: true,
} satisfies Partial<Bug>;

/** The first batch that is long enough dies there; after that the loop is sound again, as a new process would be. */
function once(act: NonNullable<Plant["handle"]>): Plant["handle"] {
  let done = false;
  return async (batch, handle, commit) => {
    if (done || batch.messages.length < 3) return handle(batch);
    done = true;
    return act(batch, handle, commit);
  };
}

/** Ends the loop after so many batches, once. */
function killedAfter(batches: number): Plant["handle"] {
  let left = batches;
  return async (batch, handle) => {
    if (left-- === 0) throw new Error("killed");
    return handle(batch);
  };
}

/** Everything is sent, and committed before it is acknowledged; once it dies then, and what has not left it yet is gone. */
function unawaited(): Pick<Plant, "send" | "handle"> {
  let isDying = false;
  return {
    async send(topic, messages, send) {
      // Its own acknowledgement comes, and nobody is there for it.
      void send(topic, isDying ? messages.slice(0, -1) : messages).catch(() => {});
    },
    handle: once(async (batch, handle, commit) => {
      isDying = true;
      await handle(batch);
      await commit((batch.messages.at(-1)?.offset ?? 0) + 1);
      isDying = false;
      throw new Error("killed");
    }),
  };
}

/** Dies with a batch written and not committed, and comes back with a registry by which nothing can be judged. */
function writtenTwice(): Pick<Plant, "handle" | "plan" | "forgets"> {
  let isBack = false;
  return {
    forgets: true,
    plan: (plan) => (isBack ? { ...plan, shapes: null as unknown as typeof plan.shapes } : plan),
    handle: once(async (batch, handle) => {
      await handle(batch);
      isBack = true;
      throw new Error("killed");
    }),
  };
}

export function losses(): Bug[] {
  let sends = 0;
  return [
    {
      name: "commits before it produces",
      ...lost,
      handle: once(async (batch, _, commit) => {
        await commit((batch.messages.at(-1)?.offset ?? 0) + 1);
        throw new Error("killed");
      }),
    },
    {
      name: "commits one offset too many",
      caught: "commit past the output",
      also: ["accounting", "lost"],
      loses: true,
      commit: (next) => next + 1,
    },
    {
      name: "commits the end of the partition instead of what it has handled",
      ...lost,
      commit: (_, highWatermark) => highWatermark,
      handle: killedAfter(3),
    },
    {
      name: "does not wait for the acknowledgement",
      ...lost,
      ...unawaited(),
    },
    {
      name: "drops the last message of a batch",
      ...lost,
      handle: (batch, handle) => handle({ ...batch, messages: batch.messages.slice(0, -1) }),
    },
    {
      name: "drops the first message of a batch",
      ...lost,
      handle: (batch, handle) => handle({ ...batch, messages: batch.messages.slice(1) }),
    },
    {
      name: "skips an offset in the middle of a batch",
      ...lost,
      handle: (batch, handle) =>
        handle({ ...batch, messages: batch.messages.filter((_, index) => index !== 1) }),
    },
    {
      name: "loses the last output on the way to the producer",
      ...lost,
      send: (topic, messages, send) => send(topic, isDead(topic) ? messages : messages.slice(0, -1)),
    },
    {
      name: "swallows a dead letter",
      ...lost,
      send: async (topic, messages, send) => {
        if (!isDead(topic)) await send(topic, messages);
      },
    },
    {
      name: "swallows the error of a failed send",
      ...lost,
      send: (topic, messages, send) =>
        (sends++ % 3 === 1 ? Promise.reject(new Error("away")) : send(topic, messages)).catch(() => {}),
    },
    {
      name: "sends only the second half when it tries again",
      ...lost,
      send: async (topic, messages, send) => {
        if (isDead(topic) || messages.length < 2) return send(topic, messages);
        await send(topic, messages.slice(Math.floor(messages.length / 2)));
      },
    },
    {
      name: "takes a message for a repetition because it looks like the one before",
      ...lost,
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
      // The next start takes iot.raw, which does not have it, for another one, and names its epoch.
      also: ["wrong content"],
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
      also: ["accounting", "reordered", "wrong content"],
      loses: true,
      send: async (topic, messages, send) => {
        await send(topic, messages);
        const dlq = topic.replace(".enriched", ".raw.dlq");
        if (!isDead(topic)) await send(dlq, messages.slice(0, 1));
      },
    },
    {
      name: "judges again, by another registry, what was written before it died",
      caught: "duplicated for a reader",
      also: ["accounting", "reordered", "wrong content"],
      ...writtenTwice(),
    },
  ];
}
