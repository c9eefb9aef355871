/**
 * Raw records of every kind for the two hosts to agree on: simulated, real devices', broken on purpose, hostile.
 *
 * In: how many, a seed. Out: the same records each time, but for the day. Numbers of all magnitudes are in the measurements of shapes,
 * where the enrichment computes and prints; there Connect's engine once printed another digit than Bun.
 */
import { NAUGHTY } from "../enrich/naughty.case.ts";
import { NOT_UTF8, REFUSED, TAKEN } from "../enrich/json.case.ts";
import { mutate, type Random, seeded } from "../enrich/mutations.fixture.ts";
import { LIMITS } from "../schemas/dead-letter.ts";
import { RESERVED_MEMBERS } from "../schemas/enriched.ts";
import { DEVICES } from "../schemas/examples/devices/devices.case.ts";
import { DEAD_LETTERS, GOLDEN } from "../schemas/examples/examples.case.ts";
import { listMessage, SHAPES, WANTED } from "./shapes.fixture.ts";
import { createFleet, numbered } from "../simulator/fleet.ts";

export interface RawRecord {
  key: Buffer | null;
  /** null: a tombstone. */
  value: Buffer | null;
  /** Record timestamp, ms. */
  timestamp: number;
  headers?: Record<string, string>;
}

/** Brokers refuse record timestamps ahead of their clock and drop what is older than a topic keeps. */
export const START_MS = Math.floor(Date.now() / 86_400_000 - 2) * 86_400_000;

/** All of the fixed list, then a mix until there are `count`. */
export function* corpus(count: number, seed = 1): Generator<RawRecord> {
  const random = seeded(seed);
  let made = 0;
  for (const record of fixed()) {
    if (made++ >= count) return;
    yield record;
  }
  const simulated = simulatedRecords();
  const good = [...GOLDEN.map(({ raw }) => raw.toString()), ...DEVICES.map(({ value }) => value)];
  for (; made < count; made++) {
    const share = random();
    if (share < 0.3) yield simulated.next().value;
    else if (share < 0.5)
      yield record(listMessage([anyNumber(random), anyNumber(random), anyNumber(random)]));
    else if (share < 0.7)
      yield withNumbers(
        pick(
          random,
          DEVICES.map(({ value }) => value),
        ),
        random,
      );
    else if (share < 0.9)
      yield record(mutate(good, random), random() < 0.5 ? null : keyOf(random), timeOf(random));
    else yield record(hostile(random), keyOf(random), timeOf(random));
  }
}

/** What must be there once, whatever the seed. */
function* fixed(): Generator<RawRecord> {
  for (const { raw, key, timestamp } of GOLDEN) yield { key: Buffer.from(key), value: raw, timestamp };
  for (const { raw, key, timestamp } of DEAD_LETTERS)
    yield { key: key === null ? null : Buffer.from(key), value: raw, timestamp };
  for (const { key, value } of DEVICES)
    yield { key: Buffer.from(key), value: Buffer.from(value), timestamp: START_MS };
  for (const json of [...TAKEN, ...REFUSED]) {
    yield record(json);
    for (const text of around(json)) yield record(text, Buffer.from("d"));
  }
  for (const text of NAUGHTY) {
    const json = JSON.stringify(text);
    for (const inside of around(json)) yield record(inside);
    yield record(`{"device_id":${json},"measurements":{"voltage":{"phase_a":120}}}`);
    yield record('{"temperature":21.5}', Buffer.from(text));
    yield record(`{${json}:1,"device_id":"d","measurements":{${json}:{${json}:1}}}`);
  }
  for (const bytes of Object.values(NOT_UTF8)) {
    const bad = Buffer.from(bytes);
    yield record(Buffer.concat([Buffer.from('{"device_id":"'), bad, Buffer.from('"}')]));
    yield record('{"temperature":21.5}', bad);
    yield record('{"device_id":"d","measurements":{}}', bad);
    yield record(bad, bad);
  }
  for (const name of RESERVED_MEMBERS) yield record(`{"device_id":"d","${name}":null}`);
  for (let depth = LIMITS.depth - 3; depth <= LIMITS.depth + 3; depth++)
    for (const [open, close] of [
      ["[", "]"],
      ['{"a":', "}"],
    ] as const)
      yield record(`{"device_id":"d","a":${open.repeat(depth)}1${close.repeat(depth)}}`);
  for (const size of [LIMITS.rawBytes - 1, LIMITS.rawBytes, LIMITS.rawBytes + 1, 300_000]) {
    yield record(padded("x", size));
    yield record(padded("é", size));
    yield record("[".repeat(size));
    yield record(Buffer.alloc(size, "9"));
  }
  yield record('{"device_id":"d","b":1,"10":2,"a":3,"2":4,"measurements":{"9":1,"1":2,"x":3}}');
  yield record('{"device_id":"d","a":1,"\\u0061":2}');
  yield record(null);
  yield record(null, null);
  yield record("", Buffer.alloc(0));
  yield record('{"device_id":"d","measurements":{}}', null);
  yield record('{"device_id":"d","measurements":{}}', Buffer.alloc(0));
  yield record('{"device_id":" a  b ","measurements":{}}', Buffer.from(" a  b "));
  yield {
    ...record('{"device_id":"d"}'),
    headers: {
      "iot.source.offset": "7",
      "iot.reason": "x",
      to: "raw.dlq",
      key: "k",
      record: "0 0 0 k",
      other: "é",
    },
  };
}

/** A value where the enrichment looks at values. */
function around(json: string): string[] {
  return [
    `{"device_id":"d","device_type":"smart_breaker","timestamp":"2026-11-25T00:00:00Z","measurements":{"voltage":{"phase_a":${json}},"frequency":${json}}}`,
    `{"device_id":"d","timestamp":${json},"measurements":{"temperature":{"value":1}}}`,
    `{"device_id":"d","device_type":${json},"manufacturer":${json},"model":${json},"measurements":${json}}`,
    ` {"device_id":${json},"x":${json}}\n\t `,
  ];
}

function padded(character: string, bytes: number): string {
  const frame = '{"device_id":"d","measurements":{},"pad":""}';
  return frame.replace(
    '""',
    `"${character.repeat(Math.floor((bytes - frame.length) / Buffer.byteLength(character)))}"`,
  );
}

function* simulatedRecords(): Generator<RawRecord, never> {
  const devices = numbered({ breakers: 6, meters: 3, sensors: 3 });
  const fleet = createFleet({ devices, seed: 7, faults: 0.1 }, START_MS);
  for (let now = START_MS; ; now = fleet.nextMs())
    for (const { message } of fleet.take(now))
      yield {
        key: Buffer.from(message.key),
        value: message.value === null ? null : Buffer.from(message.value),
        timestamp: Math.floor(now),
      };
}

/** Each number of the message becomes another, of any magnitude and with all the digits that a double has. */
function withNumbers(json: string, random: Random): RawRecord {
  const share = random();
  const text = json.replace(/(?<=[:[,]\s*)-?[0-9]+(?:[.][0-9]+)?(?=\s*[,}\]])/g, (number) =>
    Number(number) > 1e9 || random() < share ? number : anyNumber(random),
  );
  const asking = `{"${WANTED}":"${pick(random, SHAPES).id}",${text.slice(1)}`;
  return record(random() < 0.5 && text.startsWith("{") ? asking : text, keyOf(random), timeOf(random));
}

function anyNumber(random: Random): string {
  const digits = random() * 2 - (random() < 0.3 ? 1 : 0);
  const value = digits * 10 ** (Math.floor(random() * 12) - 4);
  const kind = random();
  if (kind < 0.5) return String(value);
  if (kind < 0.7) return value.toFixed(Math.floor(random() * 20));
  if (kind < 0.8) return value.toExponential(Math.floor(random() * 20));
  if (kind < 0.9) return String(Math.round(value));
  return `${value}${Math.floor(random() * 1e9)}`.replace(/e.*$/, "");
}

function hostile(random: Random): string {
  const json = pick(random, [...TAKEN, ...REFUSED, JSON.stringify(pick(random, NAUGHTY))]);
  return pick(random, [json, ...around(json)]);
}

function record(
  value: string | Buffer | null,
  key: Buffer | null = Buffer.from("d"),
  timestamp = START_MS,
): RawRecord {
  return { key, value: typeof value === "string" ? Buffer.from(value) : value, timestamp };
}

function keyOf(random: Random): Buffer | null {
  const share = random();
  if (share < 0.2) return null;
  return Buffer.from(share < 0.8 ? "d" : pick(random, NAUGHTY));
}

/** Near the time that most messages claim, before it and after it. */
function timeOf(random: Random): number {
  return START_MS + Math.floor((random() - 0.5) * 2e6);
}

function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)] as T;
}
