import { describe, expect, test } from "bun:test";
import { lz4Decompress } from "./lz4.ts";

/** Twelve records, the bodies of batches that librdkafka (kcat -z lz4) and Kafka's own producer wrote. */
const LIBRDKAFKA =
  "BCJNGGBAgikBAADzMKwBAAAAAZ4BeyJkZXZpY2VfaWQiOiJicmVha2VyLTAwMCIsInZvbHRhZ2UiOnsicGhhc2VfYSI6MTEwLjI1LBEA8ANiIjoxMjUuMDJ9LCJuIjowfQBYAB8CWAAIHzFYAAYfMVgABxIxWAAfBFgACB8yWAAGHzJYAAcSMlgAHwZYAAgPCAEHHzNYAAcSM1gAHwhYAAgPCAEHHzRYAAcSNFgAHwpYAAgPCAEHHzVYAAcSNVgAHwxYAAgPCAEHHzZYAAcSNlgAHw5YAAgPCAEHHzdYAAcSN1gAHxBYAAgPCAEHHzhYAAcSOFgAHxJYAAgPCAEHHzlYAAevOX0ArgEAABQBoHADBg8IAQYfMnADCCIxMFkAHxZZAAgPCQEGHzJxAwdQOjExfQAAAAAA";
const JAVA =
  "BCJNGGBAgi0BAADzMKwBAAAAAZ4BeyJkZXZpY2VfaWQiOiJicmVha2VyLTAwMCIsInZvbHRhZ2UiOnsicGhhc2VfYSI6MTEwLjI1LBEA/wliIjoxMjUuMDJ9LCJuIjowfQCuAQCCAQJZAAgfMVkABh8xWQAHEzFZAB8EWQAIHzJZAAYfMlkABxEyWQA/hAEGWQAIDwsBBx8zWQAHEzNZAB8IWQAIDwsBBx80WQAHEzRZAB8KWQAIDwsBBx81WQAHEzVZAB8MWQAIDwsBBx82WQAHEzZZAB8OWQAIDwsBBx83WQAHEzdZAB8QWQAIDwsBBx84WQAHEzhZAB8SWQAIDwsBBx85WQAHQDl9ALBvAj8UAaB6AwYPCwEGHzJ6AwgjMTBaAB8WWgAIDwwBBh8yewMHUDoxMX0AAAAAAA==";

const TEXTS = Array.from(
  { length: 12 },
  (_, i) =>
    `{"device_id":"breaker-00${i % 3}","voltage":{"phase_a":${110 + i}.25,"phase_b":125.02},"n":${i}}`,
);

/** A frame of version 1 with independent blocks of at most 64 KiB and no checksums; `stored` blocks stand as they are. */
function frame(...blocks: { stored?: boolean; bytes: number[] }[]): Buffer {
  const head = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82]);
  const body = blocks.flatMap(({ stored, bytes }) => {
    const size = Buffer.alloc(4);
    size.writeUInt32LE((bytes.length | (stored ? 0x80000000 : 0)) >>> 0);
    return [size, Buffer.from(bytes)];
  });
  return Buffer.concat([head, ...body, Buffer.alloc(4)]);
}

const ascii = (text: string) => [...Buffer.from(text)];

describe("lz4Decompress", () => {
  test.each([
    ["librdkafka", LIBRDKAFKA, 1058],
    ["Java", JAVA, 1069],
  ])("reads what %s writes", (_, base64, length) => {
    const content = lz4Decompress(Buffer.from(base64, "base64"));
    expect(content.length).toBe(length);
    for (const text of TEXTS) expect(content.includes(text)).toBe(true);
  });

  test("a stored block and a second frame behind the first", () => {
    const one = frame({ stored: true, bytes: ascii("stored") });
    expect(String(lz4Decompress(Buffer.concat([one, one])))).toBe("storedstored");
    expect(String(lz4Decompress(frame()))).toBe("");
  });

  test("a match that overlaps itself repeats the pattern; one may reach into the block before", () => {
    // token: 2 literals, match of 4 + 4 at distance 2; then the last literals
    expect(String(lz4Decompress(frame({ bytes: [0x24, ...ascii("ab"), 2, 0, 0x10, ...ascii("!")] })))).toBe(
      "ababababab!",
    );
    const second = { bytes: [0x00, 3, 0, 0x10, ...ascii("!")] };
    expect(String(lz4Decompress(frame({ stored: true, bytes: ascii("xyz") }, second)))).toBe("xyzxyzx!");
  });

  test("lengths over 15 go on in further bytes", () => {
    const literals = "l".repeat(15 + 255 + 3);
    const bytes = [0xff, 255, 3, ...ascii(literals), 1, 0, 255, 0, 0x10, ...ascii("!")];
    expect(String(lz4Decompress(frame({ bytes })))).toBe(`${literals}${"l".repeat(15 + 255 + 4)}!`);
  });

  test("what is not a frame, is cut off or points before the start is an error, never a wrong text", () => {
    expect(() => lz4Decompress(Buffer.from("not a frame"))).toThrow("lz4: no frame at byte 0 of 11");
    const whole = Buffer.from(JAVA, "base64");
    for (let length = 1; length < whole.length; length++)
      expect(() => lz4Decompress(whole.subarray(0, length))).toThrow(/^lz4: /);
    expect(() => lz4Decompress(frame({ bytes: [0x14, ...ascii("a"), 2, 0, 0x10, ...ascii("!")] }))).toThrow(
      "lz4: match 2 bytes back of 1",
    );
    expect(() => lz4Decompress(frame({ bytes: [0x14, ...ascii("a"), 0, 0, 0x10, ...ascii("!")] }))).toThrow(
      "lz4: match 0 bytes back of 1",
    );
  });
});
