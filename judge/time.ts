/**
 * Reads the times that devices send, strictly, with arithmetic of its own.
 *
 * In: an ISO 8601 date and time, or a Unix time. Out: ms since 1970, whole and rounded down; NaN for what is no time.
 * Errors: none thrown. A zone-less time is UTC, whatever the zone of the machine.
 * Source: ISO 8601-1 (calendar dates, extended and basic form), RFC 3339 (offsets, leap seconds);
 * days from a civil date after H. Hinnant, "chrono-compatible low-level date algorithms".
 */

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** A number is taken as a Unix time only between 2000-01-01 and 2100-01-01: no value is both seconds and ms. */
const UNIX_MIN_S = 946_684_800;
const UNIX_MAX_S = 4_102_444_800;

const ZERO = 48;
const COMMA = 44;
const DASH = 45;
const POINT = 46;
const COLON = 58;
const PLUS = 43;
const UPPER_T = 84;
const UPPER_Z = 90;

/** `2025-08-15T22:21:42.123456+02:00`; fraction, seconds and zone may be missing. NaN if it is not such a time. */
export function parseIso(text: string): number {
  if (text.length < 13 || text.length > 64) return Number.NaN;
  const extended = text.charCodeAt(4) === DASH;
  const monthAt = extended ? 5 : 4;
  const dayAt = extended ? 8 : 6;
  const timeAt = extended ? 11 : 9;
  if (extended && text.charCodeAt(7) !== DASH) return Number.NaN;
  if (text.charCodeAt(timeAt - 1) !== UPPER_T) return Number.NaN;
  const year = digits(text, 0, 4);
  const month = digits(text, monthAt, 2);
  const day = digits(text, dayAt, 2);
  if (!isDate(year, month, day)) return Number.NaN;

  const step = extended ? 3 : 2;
  if (extended && text.charCodeAt(timeAt + 2) !== COLON) return Number.NaN;
  const hour = digits(text, timeAt, 2);
  const minute = digits(text, timeAt + step, 2);
  if (!(hour <= 23 && minute <= 59)) return Number.NaN;
  const minuteMs = daysFromCivil(year, month, day) * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS;
  const at = timeAt + step + 2;
  const hasSeconds = extended ? text.charCodeAt(at) === COLON : isDigit(text.charCodeAt(at));
  if (!hasSeconds) return addZone(text, at, minuteMs);
  return addSeconds(text, extended ? at + 1 : at, minuteMs);
}

/** Seconds, at least milliseconds, UTC or no zone: what most devices send. Connect's engine is slow at one digit after the other. */
const USUAL_REST = /^[0-5][0-9][.][0-9]{3,}Z?$/;

export type ParseIso = (text: string) => number;

/** Most messages are of the same minute as the one before: what stands up to the colon before the seconds is read once. */
export function createParseIso(): ParseIso {
  let minute = { text: "", ms: Number.NaN };
  return (text) => {
    if (text.length < 20 || text.length > 64) return parseIso(text);
    const start = text.slice(0, 17);
    if (start !== minute.text) {
      const ms = start.endsWith(":") ? parseIso(`${start}00Z`) : Number.NaN;
      if (Number.isNaN(ms)) return parseIso(text);
      minute = { text: start, ms };
    }
    return addSeconds(text, 17, minute.ms);
  };
}

function addSeconds(text: string, secondAt: number, minuteMs: number): number {
  const rest = text.slice(secondAt);
  if (USUAL_REST.test(rest)) return minuteMs + Number(rest.slice(0, 2)) * 1000 + Number(rest.slice(3, 6));
  const second = digits(text, secondAt, 2);
  if (!(second <= 60)) return Number.NaN;
  let at = secondAt + 2;
  let fractionMs = 0;
  const point = text.charCodeAt(at);
  if (point === POINT || point === COMMA) {
    const end = digitsEnd(text, at + 1);
    if (end === at + 1) return Number.NaN;
    fractionMs = firstThreeDigits(text, at + 1, end);
    at = end;
  }
  const ms = addZone(text, at, minuteMs + second * 1000);
  return second === 60 && !isLeapSecond(ms) ? Number.NaN : ms + fractionMs;
}

function addZone(text: string, at: number, ms: number): number {
  return at === text.length ? ms : ms - zoneOffset(text, at);
}

/** Whether a text that `parseIso` accepts names its zone; without one it was taken as UTC. */
export function namesZone(text: string): boolean {
  const { length } = text;
  if (text.charCodeAt(length - 1) === UPPER_Z) return true;
  // +02:00, +0200 or +02: no other sign stands so near the end, since the time of day has at least four digits.
  return (
    isSign(text.charCodeAt(length - 6)) ||
    isSign(text.charCodeAt(length - 5)) ||
    isSign(text.charCodeAt(length - 3))
  );
}

const isSign = (code: number) => code === PLUS || code === DASH;

/** A Unix time in seconds or milliseconds, by its size. NaN outside the years 2000 to 2100. */
export function parseUnix(value: number): number {
  const seconds = parseUnixSeconds(value);
  return Number.isNaN(seconds) ? parseUnixMs(value) : seconds;
}

export function parseUnixSeconds(value: number): number {
  // Rounded first: 1700000000.12 * 1000 is a hair below 1700000000120.
  return value >= UNIX_MIN_S && value < UNIX_MAX_S ? Math.floor(Math.round(value * 1e6) / 1000) : Number.NaN;
}

export function parseUnixMs(value: number): number {
  return value >= UNIX_MIN_S * 1000 && value < UNIX_MAX_S * 1000 ? Math.floor(value) : Number.NaN;
}

/** `2025-08-15T22:21:42.123Z` for the years 0000 to 9999; the same on every engine. */
export function formatIso(ms: number): string {
  const days = Math.floor(ms / DAY_MS);
  const rest = ms - days * DAY_MS;
  // Civil date of a day number, the inverse of daysFromCivil.
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const hour = Math.floor(rest / HOUR_MS);
  const minute = Math.floor(rest / MINUTE_MS) % 60;
  const second = Math.floor(rest / 1000) % 60;
  const date = `${two(Math.floor(year / 100))}${two(year % 100)}-${two(month)}-${two(day)}`;
  return `${date}T${two(hour)}:${two(minute)}:${two(second)}.${three(rest % 1000)}Z`;
}

/** ISO 8601 duration in ms: `PT30S`, `P1DT12H`, `PT0.5S`. Years and months have no fixed length: NaN, as for no duration. */
export function parseDuration(text: string): number {
  const match =
    /^P(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6}(?:[.]\d{1,3})?)S)?)?$/.exec(
      text,
    );
  if (match === null || text === "P") return Number.NaN;
  const [, weeks = "0", days = "0", hours = "0", minutes = "0", seconds = "0"] = match;
  return (
    (Number(weeks) * 7 + Number(days)) * DAY_MS +
    Number(hours) * HOUR_MS +
    Number(minutes) * MINUTE_MS +
    Math.round(Number(seconds) * 1000)
  );
}

/** The number of `count` digits at `at`; NaN if one of them is no digit. */
function digits(text: string, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const digit = text.charCodeAt(i) - ZERO;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

const isDigit = (code: number) => code >= ZERO && code <= ZERO + 9;

function digitsEnd(text: string, at: number): number {
  for (let end = at; ; end++) {
    const code = text.charCodeAt(end);
    if (!(code >= ZERO && code <= ZERO + 9)) return end;
  }
}

/** Milliseconds of a fraction of a second: `5` is 500, `123456` is 123. */
function firstThreeDigits(text: string, at: number, end: number): number {
  let ms = 0;
  for (let i = at; i < at + 3; i++) ms = ms * 10 + (i < end ? text.charCodeAt(i) - ZERO : 0);
  return ms;
}

/** `Z`, `+02:00`, `+0200`, `+02` up to the end of the text, in ms east of UTC. */
function zoneOffset(text: string, at: number): number {
  const sign = text.charCodeAt(at);
  if (sign === UPPER_Z) return at + 1 === text.length ? 0 : Number.NaN;
  if (!isSign(sign)) return Number.NaN;
  const rest = text.length - at;
  const hours = digits(text, at + 1, 2);
  let minutes = 0;
  if (rest === 6 && text.charCodeAt(at + 3) === COLON) minutes = digits(text, at + 4, 2);
  else if (rest === 5) minutes = digits(text, at + 3, 2);
  else if (rest !== 3) return Number.NaN;
  if (!(hours <= 23 && minutes <= 59)) return Number.NaN;
  const ms = hours * HOUR_MS + minutes * MINUTE_MS;
  return sign === DASH ? -ms : ms;
}

function isDate(year: number, month: number, day: number): boolean {
  if (!(year >= 0 && month >= 1 && month <= 12 && day >= 1)) return false;
  return day <= daysInMonth(year, month);
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

const isLeapYear = (year: number) => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

/** Days since 1970-01-01 of a date in the Gregorian calendar. */
function daysFromCivil(year: number, month: number, day: number): number {
  const shiftedYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(shiftedYear / 400);
  const yearOfEra = shiftedYear - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** A 60th second exists only as the last of June or December, UTC; it counts as the first of the next month. */
function isLeapSecond(msOfNextSecond: number): boolean {
  const next = formatIso(msOfNextSecond);
  return next.endsWith("-07-01T00:00:00.000Z") || next.endsWith("-01-01T00:00:00.000Z");
}

const three = (value: number) => (value < 100 ? `0${two(value)}` : `${value}`);
const two = (value: number) => (value < 10 ? `0${value}` : `${value}`);
