import { describe, expect, test } from "bun:test";
import { HEADERS } from "../schemas/topics.ts";
import { type AnomalyName, type Evidence, findAnomalies, report } from "./anomalies.ts";
import type { WireMessage } from "./read-topic.ts";

const NAMES = { raw: "iot.raw", enriched: "iot.enriched", dlq: "iot.raw.dlq" };

function message(
  partition: number,
  offset: number,
  key: string,
  value: string,
  source?: number,
): WireMessage {
  return {
    partition,
    offset,
    key: Buffer.from(key),
    value: Buffer.from(value),
    timestamp: 1_000 + (source ?? offset),
    headers: source === undefined ? [] : [[HEADERS.sourceOffset, Buffer.from(`${source}`)]],
  };
}

const raw = (partition: number, offset: number) =>
  message(partition, offset, `d${partition}`, `{"n":${partition}${offset}}`);
const good = (partition: number, offset: number, source = offset) =>
  message(partition, offset, `d${partition}`, `{"n":${partition}${source},"ok":1}`, source);
const dead = (partition: number, offset: number, source: number) =>
  message(partition, offset, `d${partition}`, `{"n":${partition}${source}}`, source);

/** Two partitions of four raw messages; the third of each is a dead letter. Sound, until a test plants something. */
function evidence(): Evidence & { committed: number[] } {
  return {
    names: NAMES,
    raw: [0, 1].map((partition) => [0, 1, 2, 3].map((offset) => raw(partition, offset))),
    enriched: [0, 1].map((partition) => [good(partition, 0), good(partition, 1), good(partition, 2, 3)]),
    dlq: [0, 1].map((partition) => [dead(partition, 0, 2)]),
    committed: [4, 4],
    repeats: "after a kill",
    enrichAfresh: ({ offset, key, value }) => ({
      to: offset === 2 ? "dlq" : "enriched",
      key,
      value: Buffer.from(offset === 2 ? `${value}` : `${value}`.replace("}", ',"ok":1}')),
      headers: { [HEADERS.sourceOffset]: `${offset}` },
    }),
  };
}

/** The names of what is found after `plant` has changed partition 0. */
function found(plant: (parts: ReturnType<typeof evidence> & { out: WireMessage[] }) => void): AnomalyName[] {
  const parts = evidence();
  plant({ ...parts, out: parts.enriched[0] ?? [] });
  return [...new Set(findAnomalies(parts).anomalies.map(({ name }) => name))].sort();
}

function change(messages: WireMessage[], index: number, changed: Partial<WireMessage>): void {
  const before = messages[index];
  if (before) messages[index] = { ...before, ...changed };
}

describe("findAnomalies", () => {
  test("a sound run has no anomaly, and its counts are right", () => {
    const verdict = findAnomalies(evidence());
    expect(report(verdict)).toBe(
      '{"raw":8,"enriched":6,"deadLetters":2,"wireDuplicates":0,"furthestBack":0}',
    );
  });

  test("an enriched message that is not there is lost, and what was committed is past it", () => {
    expect(found(({ out }) => void out.pop())).toEqual(["accounting", "commit past the output", "lost"]);
  });

  test("a swallowed dead letter is lost, and nothing more where the group has not come so far", () => {
    expect(
      found(({ dlq, committed }) => {
        dlq[0]?.pop();
        committed[0] = 2;
      }),
    ).toEqual(["accounting", "lost"]);
  });

  test("an output without a raw message is invented", () => {
    expect(found(({ out }) => void out.push(good(0, 3, 9)))).toEqual(["invented"]);
  });

  test("an output that names no source is invented", () => {
    expect(found(({ out }) => void out.push(message(0, 3, "d0", '{"n":00,"ok":1}')))).toEqual(["invented"]);
    const twice: WireMessage["headers"] = Array(2).fill([HEADERS.sourceOffset, Buffer.from("1")]);
    expect(found(({ out }) => change(out, 1, { headers: twice }))).toContain("invented");
  });

  test("a repeat is counted, and an anomaly when nobody was killed", () => {
    const parts = evidence();
    parts.enriched[0]?.push(good(0, 3, 1), good(0, 4, 3));
    const { anomalies, wireDuplicates } = findAnomalies(parts);
    expect(anomalies).toEqual([]);
    expect(wireDuplicates).toBe(2);
    const without = findAnomalies({ ...parts, repeats: "never" }).anomalies;
    expect(without.map(({ name, at }) => `${name} ${at}`)).toEqual([
      "duplicated on the wire iot.enriched[0]@3",
      "duplicated on the wire iot.enriched[0]@4",
    ]);
  });

  test("how far a restart went back is told in raw offsets, and each restart by itself", () => {
    const parts = evidence();
    const end = parts.enriched[0]?.length ?? 0;
    const far = (...more: [number, number][]) => {
      parts.enriched[0]?.splice(end, Number.POSITIVE_INFINITY);
      for (const [offset, source] of more) parts.enriched[0]?.push(good(0, offset, source));
      return findAnomalies(parts).furthestBack;
    };
    expect(far()).toBe(0);
    expect(far([3, 3])).toBe(1);
    expect(far([3, 1], [4, 3])).toBe(3);
    expect(far([3, 1], [4, 3], [5, 3], [6, 1])).toBe(3);
  });

  test("a message that is both enriched and a dead letter is there twice for a reader", () => {
    expect(found(({ dlq }) => void dlq[0]?.push(dead(0, 1, 3)))).toEqual([
      "accounting",
      "duplicated for a reader",
      "wrong content",
    ]);
  });

  test("a first appearance after a later one is reordered: a reader would drop it", () => {
    const swapped = [good(0, 0, 1), good(0, 1, 0), good(0, 2, 3)];
    expect(found(({ enriched }) => void enriched.splice(0, 1, swapped))).toEqual(["reordered"]);
  });

  test("an offset that a topic does not have is a hole", () => {
    expect(found(({ out }) => change(out, 2, { offset: 7 }))).toEqual(["hole"]);
    expect(found(({ raw }) => void raw[0]?.shift())).toContain("hole");
  });

  test("an output in another partition than its raw message is named as such, not as invented", () => {
    const names = found(({ enriched, out }) => {
      const moved = out.pop();
      if (moved) enriched[1]?.push({ ...moved, partition: 1, offset: 3 });
    });
    expect(names).toContain("wrong partition");
    expect(names).toContain("lost");
    expect(names).not.toContain("invented");
  });

  test("another record timestamp than the raw message's is found", () => {
    expect(found(({ out }) => change(out, 0, { timestamp: 999 }))).toEqual(["wrong timestamp"]);
  });

  test("another byte, another key, another or one more header is wrong content", () => {
    const changes: Partial<WireMessage>[] = [
      { value: Buffer.from('{"n":00,"ok":1.0}') },
      { key: Buffer.from("d1") },
      { key: null },
      { headers: [...good(0, 0).headers, ["iot.reason", Buffer.from("schema")]] },
    ];
    for (const changed of changes)
      expect(found(({ out }) => change(out, 0, changed))).toEqual(["wrong content"]);
  });

  test("an enriched message where a dead letter is due is wrong content, and the other way round", () => {
    const names = found(({ out, dlq }) => {
      dlq[0]?.pop();
      out.push({ ...good(0, 3, 2), timestamp: 1_002 });
    });
    expect(names).toEqual(["reordered", "wrong content"]);
  });

  test("a commit beyond the end of the input is past the output", () => {
    expect(found(({ committed }) => void committed.splice(0, 1, 5))).toEqual(["commit past the output"]);
  });

  describe("of a batch that nobody can read", () => {
    /** At the offsets 4 to 6 of partition 0, told by one dead letter, and a raw message behind it. */
    const told = { reason: "undecodable", source: "4", last: "6" };
    const judged = (headers: Partial<typeof told> = {}, more: Partial<WireMessage> = {}, copies = 1) => {
      const parts = evidence();
      parts.poisoned = [{ partition: 0, first: 4, last: 6 }];
      parts.raw[0]?.push(raw(0, 7));
      parts.enriched[0]?.push(good(0, 3, 7));
      parts.committed = [8, 4];
      const { reason, source, last } = { ...told, ...headers };
      const letter: WireMessage = {
        ...{ partition: 0, offset: 1, key: null, value: Buffer.alloc(0), timestamp: 5 },
        headers: [
          [HEADERS.sourceOffset, Buffer.from(source)],
          [HEADERS.sourceLastOffset, Buffer.from(last)],
          [HEADERS.reason, Buffer.from(reason)],
        ],
        ...more,
      };
      for (let copy = 0; copy < copies; copy++) parts.dlq[0]?.push({ ...letter, offset: 1 + copy });
      return [...new Set(findAnomalies(parts).anomalies.map(({ name }) => name))].sort();
    };

    test("one dead letter with its range is right", () => {
      expect(judged()).toEqual([]);
    });

    test("none is lost, another range, reason, key or value is wrong, and a range that is no batch's is invented", () => {
      expect(judged({}, {}, 0)).toEqual(["accounting", "commit past the output", "lost"]);
      for (const wrong of [{ last: "5" }, { reason: "not_json" }])
        expect(judged(wrong)).toEqual(["wrong content"]);
      for (const wrong of [{ key: Buffer.from("k") }, { value: Buffer.from("v") }])
        expect(judged({}, wrong)).toContain("wrong content");
      expect(judged({ source: "5" })).toContain("invented");
    });

    test("its offsets are no hole, and others are", () => {
      const parts = evidence();
      parts.poisoned = [{ partition: 0, first: 5, last: 6 }];
      parts.raw[0]?.push(raw(0, 7));
      expect(findAnomalies(parts).anomalies.map(({ name, at }) => `${name} ${at}`)).toContain(
        "hole iot.raw[0]@4",
      );
    });
  });

  test("offsets that hold nothing for a reader are no hole and need no output, and a commit may stand behind them", () => {
    const parts = evidence();
    parts.empty = [{ partition: 0, first: 4, last: 6 }];
    parts.committed = [7, 4];
    expect(findAnomalies(parts).anomalies).toEqual([]);
    parts.committed = [8, 4];
    expect(findAnomalies(parts).anomalies.map(({ name }) => name)).toEqual(["commit past the output"]);
    parts.enriched[0]?.push(good(0, 3, 5));
    expect(findAnomalies(parts).anomalies.map(({ name }) => name)).toContain("invented");
  });

  describe("of a raw topic that was made anew", () => {
    const EPOCH = 1_796_000_000_000;
    const of = (source: number, offset: number, epoch: number | undefined): WireMessage => {
      const output = message(0, offset, "d0", `{"new":${source},"ok":1}`, source);
      const headers: WireMessage["headers"] =
        epoch === undefined ? [] : [[HEADERS.sourceEpoch, Buffer.from(`${epoch}`)]];
      return { ...output, headers: [...output.headers, ...headers] };
    };
    /** The one before is `evidence()`'s, committed up to 3; the new one has two messages in partition 0, both enriched. */
    const judged = (epochs: (number | undefined)[], plant?: (parts: Evidence) => void) => {
      const { raw: old, committed: _, ...parts } = evidence();
      const now: Evidence = {
        ...parts,
        raw: [[0, 1].map((offset) => message(0, offset, "d0", `{"new":${offset}}`)), []],
        committed: [2, -1],
        before: [{ raw: old, committed: [3, 4], due: "committed" }],
        enrichAfresh: (raw, output) => {
          const expected = parts.enrichAfresh(raw, output);
          const epoch = output.headers.find(([name]) => name === HEADERS.sourceEpoch)?.[1];
          const value = Buffer.from(`${raw.value}`.replace("}", ',"ok":1}'));
          if (!expected || !`${raw.value}`.includes("new")) return expected;
          const headers = epoch
            ? { ...expected.headers, [HEADERS.sourceEpoch]: `${epoch}` }
            : expected.headers;
          return { ...expected, to: "enriched", value, headers };
        },
      };
      const offset = now.enriched[0]?.length ?? 0;
      now.enriched[0]?.push(...epochs.map((epoch, source) => of(source, offset + source, epoch)));
      plant?.(now);
      return [...new Set(findAnomalies(now).anomalies.map(({ name }) => name))].sort();
    };

    test("outputs of another epoch are of the new one; what was deleted unread has none", () => {
      expect(judged([EPOCH, EPOCH])).toEqual([]);
      expect(judged([EPOCH, EPOCH], ({ enriched }) => void enriched[0]?.splice(2, 1))).toEqual(["hole"]);
    });

    test("what was committed before, or stands in the new one, and has no output is lost", () => {
      expect(judged([EPOCH])).toEqual(["accounting", "commit past the output", "lost"]);
      expect(judged([EPOCH, EPOCH], ({ enriched }) => void enriched[0]?.splice(1, 1))).toEqual([
        "commit past the output",
        "hole",
        "lost",
      ]);
    });

    test("outputs of the new one without its epoch do not count for it: a reader would drop them", () => {
      expect(judged([undefined, undefined])).toEqual(["accounting", "commit past the output", "lost"]);
    });

    test("and are repeats where they stand under its epoch, too", () => {
      expect(judged([EPOCH, EPOCH], ({ enriched }) => void enriched[0]?.splice(3, 0))).toEqual([]);
      const strayed = (parts: Evidence) => {
        const stray = of(0, 0, undefined);
        parts.enriched[0] = [
          ...(parts.enriched[0]?.slice(0, 3) ?? []),
          stray,
          ...(parts.enriched[0]?.slice(3) ?? []),
        ].map((output, offset) => ({ ...output, offset }));
      };
      expect(judged([EPOCH, EPOCH], strayed)).toEqual([]);
    });
  });

  describe("of topics that were not read from their beginning", () => {
    /** Partition 0 only, from its raw offset 2 on; of the outputs `skipped` are not read. */
    const judged = (skipped: number, plant?: (parts: Evidence) => void) => {
      const parts: Evidence = evidence();
      parts.raw = [parts.raw[0]?.slice(2) ?? []];
      parts.enriched = [parts.enriched[0]?.slice(skipped) ?? []];
      parts.dlq.pop();
      parts.starts = { raw: [2], enriched: [skipped], dlq: [0] };
      plant?.(parts);
      return findAnomalies(parts);
    };
    const names = (verdict: ReturnType<typeof judged>) => verdict.anomalies.map(({ name }) => name);

    test("older messages and their outputs are not judged, and nothing is a hole for it", () => {
      expect(judged(1)).toMatchObject({ raw: 2, enriched: 1, deadLetters: 1, anomalies: [] });
    });

    test("raw messages whose output may stand before what was read are not judged", () => {
      expect(judged(2)).toMatchObject({ raw: 1, enriched: 1, deadLetters: 0, anomalies: [] });
      expect(judged(3, ({ enriched }) => void enriched[0]?.splice(0))).toMatchObject({
        raw: 0,
        anomalies: [],
      });
    });

    test("what is later and has no output is lost, and a hole is one", () => {
      expect(names(judged(1, ({ dlq }) => void dlq[0]?.pop()))).toContain("lost");
      expect(names(judged(1, ({ enriched }) => void enriched[0]?.shift()))).toContain("hole");
    });

    test("outputs of an older epoch are of a raw topic that is gone", () => {
      const older = ({ enriched }: Evidence) => {
        for (const output of enriched[0]?.slice(1) ?? [])
          output.headers.push([HEADERS.sourceEpoch, Buffer.from("9")]);
      };
      const verdict = judged(1, (parts) => {
        older(parts);
        parts.dlq = [[]];
        parts.due = "committed";
        parts.committed = [-1];
        parts.enrichAfresh = () => undefined;
      });
      expect(verdict).toMatchObject({ enriched: 1, uncompared: 1, anomalies: [] });
    });
  });

  test("the report names each kind once with its first places", () => {
    const parts = evidence();
    parts.enriched[0] = [];
    const text = report(findAnomalies(parts));
    expect(text).toContain("3 lost (a raw message with neither an enriched message nor a dead letter)");
    expect(text).toContain("iot.raw[0]@3: no output");
  });
});
