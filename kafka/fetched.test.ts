import { describe, expect, test } from "bun:test";
import { aRecord, rawBatch, sealed } from "../broker/batch.fixture.ts";
import { HOSTILE, INVALID, POISON, snappyClaim, wrongSum } from "../broker/poison.fixture.ts";
import { type Fetched, readFetched, type Span } from "./fetched.ts";

const MAX_BATCH_BYTES = 33_554_432;
/** Invalid for a broker that takes it from a producer, but a reader need not mind. */
const READABLE = new Set([
  "base-offset-7",
  "last-offset-delta-wrong",
  "producer-without-sequence",
  "transactional",
]);

/** The batch as it stands in the log. */
function at(base: number, batch: Buffer): Buffer {
  const placed = sealed(batch);
  placed.writeBigInt64BE(BigInt(base));
  return placed;
}

const good = (base: number, value = "good", header = {}) =>
  at(base, rawBatch(aRecord({ key: "k", value }), { count: 1, ...header }));

function spansIn(batches: Buffer[], fetched: Partial<Fetched> = {}): Span[] {
  const bytes = Buffer.concat(batches);
  return [...readFetched({ bytes, from: 9, aborted: [], maxBatchBytes: MAX_BATCH_BYTES, ...fetched })];
}

const textsOf = (spans: Span[]) =>
  spans.flatMap(({ messages }) => messages.map(({ offset, value }) => `${offset} ${value}`));

describe("one batch that cannot be read, between two good ones", () => {
  const kinds: [string, () => Buffer][] = [
    ...Object.entries(INVALID).map(([name, make]): [string, () => Buffer] => [name, () => make("poison")]),
    ["snappy-claim-4GB", () => snappyClaim(4_000_000_000)],
  ];
  for (const [name, make] of kinds.filter(([kind]) => !READABLE.has(kind) && kind !== "control-batch")) {
    test(`${name} is told by its offsets, up to the next batch`, () => {
      const spans = spansIn([good(9), at(10, make()), good(15)]);
      expect(textsOf(spans)).toEqual(["9 good", "15 good"]);
      expect(spans.map(({ next }) => next)).toEqual([10, 15, 16]);
      expect(spans[1]).toMatchObject({ undecodable: { first: 10, last: 14 }, empty: 4 });
      expect(spans[1]?.undecodable?.cause).toStartWith("a batch of ");
    });
  }

  test("a wrong sum, and what unpacks to more than the bound, name both numbers", () => {
    const damaged = wrongSum("x");
    damaged.writeBigInt64BE(10n);
    const [, sum] = spansIn([good(9), damaged, good(11)]);
    expect(sum?.undecodable?.cause).toMatch(/^a batch of \d+ bytes: expected CRC \d+, got \d+$/);
    const bombs = ["zstd-bomb-100MB", "zstd-bomb-1.9GB", "gzip-bomb-100MB", "lz4-bomb-100MB"];
    for (const bomb of bombs) {
      const spans = spansIn([good(9), at(10, POISON[bomb]?.("") as Buffer), good(11)]);
      expect(textsOf(spans)).toEqual(["9 good", "11 good"]);
      expect(spans[1]?.undecodable?.cause).toContain("unpacks to more than 33554432 bytes");
    }
  });

  test("the bound holds without compression, too", () => {
    const [span] = spansIn([good(9, "x".repeat(200))], { maxBatchBytes: 100 });
    expect(span?.undecodable).toMatchObject({ first: 9, last: 9 });
    expect(span?.undecodable?.cause).toMatch(/its records have \d+ bytes, more than 100$/);
  });

  test("as the answer's last batch it reaches as far as it says, but not beyond what is stable, and by an offset at least", () => {
    const lie = (lastOffsetDelta: number) => at(10, rawBatch(Buffer.alloc(9), { count: 1, lastOffsetDelta }));
    const rangeOf = (batch: Buffer, more: Partial<Fetched>) => spansIn([batch], more).at(-1)?.undecodable;
    expect(rangeOf(lie(4), { stableEnd: 100 })).toMatchObject({ first: 10, last: 14 });
    expect(rangeOf(lie(4), { stableEnd: 12 })).toMatchObject({ first: 10, last: 11 });
    expect(rangeOf(lie(4), { from: 12, stableEnd: 100 })).toMatchObject({ first: 12, last: 14 });
    expect(rangeOf(lie(-1), { stableEnd: 100 })).toMatchObject({ first: 10, last: 10 });
    expect(rangeOf(lie(2), { from: 20, stableEnd: 100 })).toMatchObject({ first: 20, last: 20 });
  });

  test("a length that leads nowhere costs an offset, and what is behind it comes with the next answer", () => {
    for (const length of [-1, -12, -13, 0, 5, 2_000_000_000]) {
      const batch = good(10);
      batch.writeInt32BE(length, 8);
      const spans = spansIn([batch, good(11)], { from: 10 });
      expect(spans[0]?.undecodable).toMatchObject({ first: 10 });
      expect(spans[0]?.next).toBeGreaterThan(10);
    }
  });
});

describe("what is odd but whole", () => {
  for (const name of READABLE)
    test(`${name} is read`, () => {
      expect(textsOf(spansIn([at(9, POISON[name]?.("odd") as Buffer)]))).toEqual(["9 odd"]);
    });
  const odd = Object.entries(HOSTILE).filter(
    ([name]) => !name.includes("bomb") && name !== "zstd-1M-records",
  );
  for (const [name, make] of odd)
    test(`${name} is read`, () => {
      const spans = spansIn([at(9, make("odd")), good(12)]);
      expect(spans.some(({ undecodable }) => undecodable)).toBe(false);
      expect(spans[0]?.messages[0]).toMatchObject({
        offset: 9,
        key: name === "key-null" ? null : Buffer.from("d1"),
        value: name === "value-null" ? null : Buffer.from("odd"),
      });
      expect(textsOf(spans).at(-1)).toBe("12 good");
    });

  test("a million records in a batch of some KB come in pieces, each record once", () => {
    const batch = at(0, HOSTILE["zstd-1M-records"]());
    const bytes = Buffer.concat([batch, good(1_000_000)]);
    let next = 500_123;
    let most = 0;
    for (const span of readFetched({ bytes, from: next, aborted: [], maxBatchBytes: MAX_BATCH_BYTES })) {
      most = Math.max(most, span.messages.length);
      for (const { offset } of span.messages) expect(offset).toBe(next++);
      expect({ next: span.next, empty: span.empty }).toEqual({ next, empty: 0 });
    }
    expect(next).toBe(1_000_001);
    expect(most).toBe(10_000);
  });

  test("20,000 headers are read in one pass; of a name that stands twice the last counts, one without a value is left out", () => {
    const [span] = spansIn([at(9, HOSTILE["headers-20000"]("x"))]);
    expect(Object.keys(span?.messages[0]?.headers ?? {})).toHaveLength(20_000);
    const headers: [string, string | null][] = [
      ["a", "1"],
      ["b", "2"],
      ["a", "3"],
      ["b", null],
    ];
    const [twice] = spansIn([at(9, rawBatch(aRecord({ key: "k", value: "v", headers }), { count: 1 }))]);
    expect(twice?.messages[0]?.headers).toEqual({ a: Buffer.from("3") });
  }, 2_000);
});

describe("offsets that hold no message", () => {
  const TRANSACTION = 0x10;
  const of = (base: number, producerId: number, value: string) =>
    good(base, value, { attributes: TRANSACTION, producerId, producerEpoch: 0, sequence: 0 });
  const marker = (base: number, producerId: number, isCommit: boolean) => {
    const key = Buffer.from([0, 0, 0, isCommit ? 1 : 0]);
    const fields = { count: 1, attributes: TRANSACTION | 0x20, producerId, producerEpoch: 0 };
    return at(base, rawBatch(aRecord({ key, value: "\0\0\0\0\0\0" }), fields));
  };

  test("are settled with what is there: markers, aborted messages, gaps and empty batches of compaction", () => {
    const empty = at(17, rawBatch(Buffer.alloc(0), { count: 0, lastOffsetDelta: 3 }));
    const spans = spansIn([good(9), good(15), empty, good(30)]);
    expect(textsOf(spans)).toEqual(["9 good", "15 good", "30 good"]);
    expect(spans.map(({ next, empty: without }) => [next, without])).toEqual([
      [10, 0],
      [16, 5],
      [21, 5],
      [31, 9],
    ]);
    expect(spansIn([empty], { from: 17 })).toEqual([{ next: 21, messages: [], empty: 4 }]);
  });

  test("aborted are the messages of that producer from the first one to its marker, and no others", () => {
    const spans = spansIn(
      [
        of(10, 7, "aborted"),
        of(11, 8, "committed"),
        good(12, "plain"),
        of(13, 7, "aborted"),
        marker(14, 8, true),
        marker(15, 7, false),
        of(16, 7, "committed after"),
        marker(17, 7, true),
      ],
      { from: 10, aborted: [{ producerId: "7", firstOffset: "10" }] },
    );
    expect(textsOf(spans)).toEqual(["11 committed", "12 plain", "16 committed after"]);
    expect(spans.at(-1)?.next).toBe(18);
  });

  test("a message whose key looks like a marker's is none", () => {
    const looksSo = at(
      10,
      rawBatch(aRecord({ key: Buffer.alloc(4), value: "v" }), {
        count: 1,
        attributes: TRANSACTION,
        producerId: 7,
        producerEpoch: 0,
        sequence: 0,
      }),
    );
    const spans = spansIn([looksSo, of(11, 7, "x"), marker(12, 7, false)], {
      from: 10,
      aborted: [{ producerId: "7", firstOffset: "10" }],
    });
    expect(textsOf(spans)).toEqual([]);
    expect(spans.at(-1)?.next).toBe(13);
  });
});

test("a batch that the end of the answer cuts off is left for the next one", () => {
  const cut = good(10).subarray(0, -1);
  expect(spansIn([good(9), cut]).map(({ next }) => next)).toEqual([10]);
  expect(spansIn([good(9), cut.subarray(0, 11)]).map(({ next }) => next)).toEqual([10]);
});

test("an answer that begins in the middle of a batch begins with what was asked for", () => {
  const records = Buffer.concat(
    [0, 1, 2].map((offsetDelta) => aRecord({ key: "k", value: `${offsetDelta}`, offsetDelta })),
  );
  expect(textsOf(spansIn([at(8, rawBatch(records, { count: 3 }))], { from: 9 }))).toEqual(["9 1", "10 2"]);
});
