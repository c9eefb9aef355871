import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  formatIso,
  namesZone,
  parseDuration,
  parseIso,
  parseUnix,
  parseUnixMs,
  parseUnixSeconds,
} from "./time.ts";

describe("parseIso", () => {
  const same: [string, string][] = [
    ["2025-08-15T22:21:42.123456", "2025-08-15T22:21:42.123Z"],
    ["2025-08-15T22:21:42Z", "2025-08-15T22:21:42.000Z"],
    ["2025-08-15T22:21:42.5Z", "2025-08-15T22:21:42.500Z"],
    ["2025-08-15T22:21:42,05Z", "2025-08-15T22:21:42.050Z"],
    ["2025-08-15T22:21:42.123456789Z", "2025-08-15T22:21:42.123Z"],
    ["2025-08-15T22:21:42.999999Z", "2025-08-15T22:21:42.999Z"],
    ["2025-08-15T22:21Z", "2025-08-15T22:21:00.000Z"],
    ["2025-08-15T22:21", "2025-08-15T22:21:00.000Z"],
    ["2025-08-15T22:21:42+02:00", "2025-08-15T20:21:42.000Z"],
    ["2025-08-15T22:21:42-0530", "2025-08-16T03:51:42.000Z"],
    ["2025-08-15T22:21:42+14", "2025-08-15T08:21:42.000Z"],
    ["2025-08-15T22:21:42-00:00", "2025-08-15T22:21:42.000Z"],
    ["20250815T222142Z", "2025-08-15T22:21:42.000Z"],
    ["20250815T222142.25+0200", "2025-08-15T20:21:42.250Z"],
    ["20250815T2221", "2025-08-15T22:21:00.000Z"],
    ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"],
    ["2000-02-29T12:00:00Z", "2000-02-29T12:00:00.000Z"],
    ["0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"],
    ["9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"],
    ["1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500Z"],
    ["2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"],
    ["2015-07-01T01:59:60+02:00", "2015-07-01T00:00:00.000Z"],
  ];
  test.each(same)("%s is %s", (text, iso) => {
    expect(formatIso(parseIso(text))).toBe(iso);
  });

  const none = [
    "",
    "0",
    "now",
    "1755296502",
    "1755296502123",
    "2025-08-15",
    "2025-08",
    "2025-02-30T00:00:00Z",
    "2025-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2100-02-29T00:00:00Z",
    "2025-04-31T00:00:00Z",
    "2025-00-10T00:00:00Z",
    "2025-13-10T00:00:00Z",
    "2025-01-00T00:00:00Z",
    "2025-01-32T00:00:00Z",
    "2025-08-15T24:00:00Z",
    "2025-08-15T22:60:00Z",
    "2025-08-15T22:21:60Z",
    "2025-08-15T23:59:60Z",
    "2025-08-15T22:21:61Z",
    "2025-08-15 22:21:42",
    "2025-08-15t22:21:42z",
    "2025-08-15T22:21:42z",
    "2025-08-15T22:21:42.Z",
    "2025-08-15T22:21:42.12a",
    "2025-08-15T22:21:42 Z",
    "2025-08-15T22:21:42ZZ",
    "2025-08-15T22:21:42+2:00",
    "2025-08-15T22:21:42+24:00",
    "2025-08-15T22:21:42+02:60",
    "2025-08-15T22:21:42+02:00:00",
    "2025-08-15T22:21:42 UTC",
    "2025-8-15T22:21:42Z",
    "+02025-08-15T22:21:42Z",
    "-2025-08-15T22:21:42Z",
    "15.08.2025 22:21:42",
    "08/15/2025 22:21",
    "Fri, 15 Aug 2025 22:21:42 GMT",
    "2025-W33-5T22:21:42Z",
    "2025-227T22:21:42Z",
    "2025-08-15T22:2142Z",
    "20250815T22:21:42Z",
    "2025-08-15T222142Z",
    " 2025-08-15T22:21:42Z",
    "2025-08-15T22:21:42Z\n",
    "２０２５-08-15T22:21:42Z",
    `2025-08-15T22:21:42.${"1".repeat(100)}Z`,
  ];
  test.each(none)("%j is no time", (text) => {
    expect(parseIso(text)).toBeNaN();
  });

  test("agrees with the engine on every time that the engine prints", () => {
    const instant = fc.integer({ min: Date.UTC(1, 0, 1), max: Date.UTC(9999, 11, 31) });
    fc.assert(
      fc.property(instant, (ms) => {
        const iso = new Date(ms).toISOString();
        expect(parseIso(iso)).toBe(ms);
        expect(formatIso(ms)).toBe(iso);
        expect(parseIso(iso.slice(0, -1))).toBe(ms);
      }),
      { numRuns: 2000 },
    );
  });

  test("an offset moves the instant by exactly that much", () => {
    const offset = fc.integer({ min: -23 * 60 - 59, max: 23 * 60 + 59 });
    fc.assert(
      fc.property(offset, (minutes) => {
        const pad = (value: number) => String(value).padStart(2, "0");
        const size = Math.abs(minutes);
        const zone = `${minutes < 0 ? "-" : "+"}${pad(Math.floor(size / 60))}:${pad(size % 60)}`;
        expect(parseIso(`2025-08-15T22:21:42${zone}`)).toBe(Date.UTC(2025, 7, 15, 22, 21 - minutes, 42));
      }),
    );
  });

  test("is total: any text is a time or NaN", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 80 }), (text) => {
        const ms = parseIso(text);
        return Number.isNaN(ms) || Number.isInteger(ms);
      }),
      { numRuns: 2000 },
    );
  }, 30_000);
});

describe("namesZone", () => {
  test("tells a time with a zone from one without", () => {
    for (const zoned of ["2025-08-15T22:21:42Z", "2025-08-15T22:21-05", "20250815T222142+0200"])
      expect(namesZone(zoned)).toBe(true);
    for (const bare of ["2025-08-15T22:21:42", "2025-08-15T22:21:42.123456", "20250815T222142"])
      expect(namesZone(bare)).toBe(false);
  });
});

describe("Unix times", () => {
  test("seconds and milliseconds are told apart by their size", () => {
    expect(parseUnix(1_755_296_502)).toBe(1_755_296_502_000);
    expect(parseUnix(1_755_296_502.5)).toBe(1_755_296_502_500);
    expect(parseUnix(1_700_000_000.12)).toBe(1_700_000_000_120);
    expect(parseUnix(1_755_296_502_123)).toBe(1_755_296_502_123);
    expect(parseUnix(1_755_296_502_123.9)).toBe(1_755_296_502_123);
  });

  test("numbers outside the years 2000 to 2100 are no time", () => {
    const none = [0, -1, 12.3, 946_684_799, 4_102_444_800, 1e11, 946_684_799_999, 4_102_444_800_000, 1.7e15];
    for (const value of [...none, Number.NaN, Number.POSITIVE_INFINITY]) expect(parseUnix(value)).toBeNaN();
    expect(parseUnix(946_684_800)).toBe(Date.UTC(2000, 0, 1));
    expect(parseUnix(4_102_444_799)).toBe(Date.UTC(2099, 11, 31, 23, 59, 59));
  });

  test("a format that is fixed is not guessed", () => {
    expect(parseUnixSeconds(1_755_296_502_123)).toBeNaN();
    expect(parseUnixMs(1_755_296_502)).toBeNaN();
  });
});

describe("parseDuration", () => {
  const good: [string, number][] = [
    ["PT5S", 5_000],
    ["PT30S", 30_000],
    ["PT1M", 60_000],
    ["PT2H30M", 9_000_000],
    ["P1D", 86_400_000],
    ["P1DT12H", 129_600_000],
    ["P2W", 1_209_600_000],
    ["PT0.5S", 500],
    ["PT0S", 0],
  ];
  test.each(good)("%s is %d ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });
  test.each(["", "P", "PT", "P1DT", "5s", "PT5", "P1Y", "P1M", "PT-5S", "pt5s", "PT5S ", "PT1S1M"])(
    "%j is no duration",
    (text) => {
      expect(parseDuration(text)).toBeNaN();
    },
  );
});
