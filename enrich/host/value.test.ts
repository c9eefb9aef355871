/** The parts that the Bun host sends are, one behind the other, the bytes of the text that Connect's host gets. */
import { expect, test } from "bun:test";
import { wholeValue } from "../../kafka/producer.ts";
import { GOLDEN, GOLDEN_NOW } from "../../schemas/examples/examples.case.ts";
import { bytesToText } from "../bytes-to-text.ts";
import { changed, ENRICH_CASES } from "../enrich.case.ts";
import { enrich } from "../enrich.fixture.ts";
import { createEnrichInPieces } from "../enrich.ts";
import { mutate, seeded } from "../mutations.fixture.ts";
import { pinnedPlan } from "../../registry/pinned.fixture.ts";
import { valueBytes } from "./value.ts";

const plan = pinnedPlan;

/** Both ways; undefined for a dead letter, which must be the same. */
function bothWays(bytes: Buffer, key: string | null, timestamp: number) {
  const text = bytesToText(bytes);
  const source = { key, timestamp, bytes: bytes.length };
  const whole = enrich(text, source, plan, GOLDEN_NOW);
  const pieces = createEnrichInPieces(plan)(text, source, GOLDEN_NOW);
  if (whole.to === "dlq" || pieces.to === "dlq") {
    expect(pieces).toEqual(whole as typeof pieces);
    return undefined;
  }
  return {
    whole: Buffer.from(whole.value),
    parts: wholeValue({ value: valueBytes(bytes, text, pieces.pieces) }),
  };
}

test("every case of enrich.case.ts", () => {
  const sent = ENRICH_CASES.map(({ bytes, key, timestamp }) =>
    bothWays(bytes ?? Buffer.alloc(0), key, timestamp),
  );
  for (const one of sent) expect(one?.parts?.toString("latin1")).toBe(one?.whole.toString("latin1"));
  expect(sent.filter((one) => one !== undefined).length).toBeGreaterThan(50);
});

test("10,000 mutations of good messages, two and three bytes a character too", () => {
  const good = [
    ...GOLDEN.map(({ raw }) => raw.toString()),
    changed({ "/note": "größer als 5 €, 😀", "/manufacturer": "Zürich" }),
    `\n ${changed({})} \r\n\t `,
  ];
  const seed = Date.now() % 4_294_967_296;
  const random = seeded(seed);
  let enriched = 0;
  for (let index = 0; index < 10_000; index++) {
    const bytes = mutate(good, random);
    const both = bothWays(bytes, null, GOLDEN_NOW);
    if (both === undefined) continue;
    if (!both.parts?.equals(both.whole))
      throw new Error(`seed ${seed}, mutation ${index}: the parts differ\n${bytes.toString()}`);
    enriched++;
  }
  expect(enriched).toBeGreaterThan(1_000);
}, 30_000);

test("a constant piece is encoded once", () => {
  const enrich = createEnrichInPieces(plan);
  const partsOf = (text: string) => {
    const result = enrich(text, { key: null, timestamp: GOLDEN_NOW, bytes: text.length }, 0);
    if (result.to === "dlq") throw new Error(result.message);
    return valueBytes(Buffer.from(text), text, result.pieces);
  };
  const [first, second] = [changed({}), changed({ "/device_id": "breaker-002" })].map(partsOf);
  expect(first?.map((part) => Buffer.isBuffer(part))).toEqual([true, true, false, true]);
  expect([second?.[1] === first?.[1], second?.[3] === first?.[3]]).toEqual([true, true]);
});
