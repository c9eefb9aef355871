import { describe, expect, test } from "bun:test";
import type { ApiTopic } from "../../schemas/api.ts";
import { fold } from "../model/fold.ts";
import type { InMessage } from "../../kafka/message.ts";
import { type Row, toRow } from "../model/row.ts";
import { createView, setEnds, setKafka } from "../model/view.ts";
import { HEADERS } from "../../schemas/topics.ts";
import { enriched, NOW, raw, record } from "../sample.fixture.ts";
import { appFor, type ServeOptions } from "../serve.fixture.ts";
import { createArchive, type ArchiveBrokers } from "./archive.ts";

const HOST = { host: "127.0.0.1:5001" };

/** A view that keeps raw[2]@40 and enriched[2]@7, which is of another raw message. */
function keeping() {
  const view = createView(NOW);
  setKafka(view, true, NOW);
  for (const [topic, message] of [
    ["raw", record(40, raw())],
    ["enriched", record(7, enriched(), { source: 39 })],
  ] as const)
    fold(view, { topic, partition: 2, messages: [message], highWatermark: 41 }, NOW);
  return view;
}

async function asked(options: ServeOptions) {
  const { app } = await appFor({ now: () => NOW, ...options });
  return async (path: string) => await app.request(path, { headers: HOST });
}

test("while the brokers are away a message that is kept is shown, and its other half is said to be not known, not expired", async () => {
  const away = async () => {
    throw new Error("connect ECONNREFUSED");
  };
  const view = keeping();
  setKafka(view, false, NOW, "away");
  const get = await asked({ view, places: { from: away, span: away } });
  for (const path of ["/messages/raw/2/40", "/messages/enriched/2/7"]) {
    const answer = await get(path);
    expect(answer.status).toBe(200);
    const html = await answer.text();
    expect(html).toContain("unknown for now");
    expect(html).toContain("Kafka does not answer: connect ECONNREFUSED");
    expect(html).not.toMatch(/expired|not found/);
  }
  // One that had to be fetched itself.
  expect((await get("/messages/raw/2/1")).status).toBe(503);
});

/** A partition of an output: the sources of its messages, by offset from `low`; undefined: of somebody else. */
interface Log {
  sources: (number | undefined)[];
  /** The epoch of each of them; without one there is no header. */
  epochs?: number[];
  low?: number;
  /** What the time says where to begin. */
  near?: number;
}

/** As many come at once. */
const CHUNK = 20;

function archiveOf(logs: Partial<Record<ApiTopic, Log>>) {
  const reads = { count: 0 };
  const places: ArchiveBrokers = {
    async from(topic, _partition, offset) {
      reads.count++;
      const { sources = [], epochs, low = 0 } = logs[topic] ?? {};
      if (offset < low) return [];
      const headers = (i: number) => ({ [HEADERS.sourceEpoch]: `${epochs?.[offset - low + i]}` });
      return sources
        .slice(offset - low, offset - low + CHUNK)
        .map((source, i) => record(offset + i, "{}", { source, headers: epochs && headers(i) }));
    },
    async span(topic) {
      const { sources, low = 0, near = low } = logs[topic] ?? {};
      return sources && { low, high: low + sources.length, near };
    },
  };
  const view = createView(NOW);
  const archive = createArchive(view, places, () => NOW);
  const verdict = async (offset: number) => {
    const found = await archive.verdictOf(toRow("raw", 2, record(offset, raw()), NOW, 0));
    return found && `${found.topic}[${found.partition}]@${found.offset} of ${found.source}`;
  };
  return { verdict, reads, view };
}

const upTo = (count: number, from = 0) => Array.from({ length: count }, (_, i) => from + i);

describe("the verdict on an old message", () => {
  test("is found among any number of one millisecond", async () => {
    const { verdict } = archiveOf({ enriched: { sources: upTo(300) } });
    expect(await verdict(59)).toBe("enriched[2]@59 of 59");
    expect(await verdict(299)).toBe("enriched[2]@299 of 299");
  });

  test("is found wherever its time leads to: another device's clock may be a day ahead or behind", async () => {
    const sources = upTo(5_000);
    for (const near of [0, 1, 2_500, 4_999, 5_000]) {
      const { verdict } = archiveOf({ enriched: { sources, near } });
      for (const offset of [0, 17, 2_499, 4_999])
        expect(await verdict(offset)).toBe(`enriched[2]@${offset} of ${offset}`);
    }
  });

  test("is found in either output, in few reads, and only there", async () => {
    const all = upTo(100_000);
    const isDead = (offset: number) => offset % 7 === 3;
    const { verdict, reads } = archiveOf({
      enriched: { sources: all.filter((offset) => !isDead(offset)), low: 1_000, near: 86_000 },
      dlq: { sources: all.filter(isDead), near: 3 },
    });
    for (const offset of [0, 3, 4, 40_000, 49_990, 99_998, 99_999])
      expect(await verdict(offset)).toEndWith(` of ${offset}`);
    expect(await verdict(10)).toStartWith("dlq[2]@1 ");
    expect(reads.count / 8).toBeLessThan(40);
    // Not reached yet.
    expect(await verdict(100_000)).toBeUndefined();
  });

  test("is found between repeats, which begin again lower", async () => {
    const sources = [...upTo(100), ...upTo(60, 50), ...upTo(30, 90), ...upTo(200, 100)];
    for (const near of [0, 120, 389]) {
      const { verdict } = archiveOf({ enriched: { sources, near } });
      for (const offset of upTo(300)) expect(await verdict(offset)).toEndWith(` of ${offset}`);
    }
  });

  test("is the one on the message that is there now, where iot.raw was made anew", async () => {
    const old = upTo(3_000);
    const epochs = [...old.map(() => 0), ...upTo(500).map(() => NOW)];
    const { verdict, view } = archiveOf({ enriched: { sources: [...old, ...upTo(500)], epochs } });
    const message = record(3_499, enriched(), { source: 499, headers: { [HEADERS.sourceEpoch]: `${NOW}` } });
    fold(view, { topic: "enriched", partition: 2, messages: [message], highWatermark: 3_500 }, NOW);
    for (const offset of [0, 17, 498])
      expect(await verdict(offset)).toBe(`enriched[2]@${3_000 + offset} of ${offset}`);
    expect(await verdict(2_000)).toBeUndefined();
  });

  test("is found behind those of before, where an enrichment without epochs met an iot.raw that was made anew", async () => {
    const { verdict, view } = archiveOf({ enriched: { sources: [...upTo(3_000), ...upTo(500)] } });
    setEnds(view, "raw", [{ partition: 2, high: 600 }]);
    const messages = [2_999, 3_000].map((offset) => record(offset, enriched(), { source: offset % 3_000 }));
    fold(view, { topic: "enriched", partition: 2, messages, highWatermark: 3_500 }, NOW);
    for (const offset of [0, 17, 498])
      expect(await verdict(offset)).toBe(`enriched[2]@${3_000 + offset} of ${offset}`);
  });

  test("whose raw message is gone with its topic is not shown beside another one", async () => {
    const view = keeping();
    const headers = { [HEADERS.sourceEpoch]: `${NOW}` };
    const message = record(8, enriched(), { source: 40, headers });
    fold(view, { topic: "enriched", partition: 2, messages: [message], highWatermark: 41 }, NOW);
    const archive = createArchive(view, { from: async () => [], span: async () => undefined }, () => NOW);
    const row = async (offset: number) => (await archive.get("enriched", 2, offset)) as Row;
    expect((await archive.rawOf(await row(8)))?.offset).toBe(40);
    expect(await archive.rawOf({ ...(await row(7)), source: 40 })).toBeUndefined();
  });

  test("that has expired, or never was, is not there", async () => {
    const { verdict } = archiveOf({ enriched: { sources: upTo(50, 100), low: 100 }, dlq: { sources: [] } });
    expect(await verdict(99)).toBeUndefined();
    expect(await verdict(150)).toBeUndefined();
    expect(await archiveOf({}).verdict(1)).toBeUndefined();
  });

  test("is found behind messages of somebody else; behind too many of them the search is given up, and said so", async () => {
    const some = [...upTo(10), ...Array<undefined>(50).fill(undefined), ...upTo(10, 10)];
    const { verdict } = archiveOf({ enriched: { sources: some } });
    expect(await verdict(15)).toBe("enriched[2]@65 of 15");
    const view = keeping();
    const strange = (offset: number): InMessage => record(offset, "{}");
    const get = await asked({
      view,
      places: {
        from: async (_topic, _partition, offset) => [strange(offset), strange(offset + 1)],
        span: async () => ({ low: 0, high: 100_000, near: 0 }),
      },
    });
    const html = await (await get("/messages/raw/2/40")).text();
    expect(html).toContain("The search in enriched[2] was given up after 60 reads.");
    expect(html).not.toMatch(/expired|Kafka does not answer/);
  });
});

const never = () => new Promise<never>(() => {});

test("brokers that hang: a page and the API say within the time that they do not answer", async () => {
  const view = keeping();
  const archive = createArchive(view, { from: never, span: never }, () => NOW, 50);
  const get = await asked({ view, archive });
  const html = await get("/messages/raw/0/1");
  expect([html.status, await html.text()]).toEqual([503, expect.stringContaining("no answer within 0.05 s")]);
  const json = await get("/api/messages/raw/0/1");
  expect(json.status).toBe(503);
  expect(await json.json()).toMatchObject({ detail: "Kafka does not answer: no answer within 0.05 s" });
  const kept = await get("/messages/raw/2/40");
  expect([kept.status, await kept.text()]).toEqual([200, expect.stringContaining("unknown for now")]);
});
