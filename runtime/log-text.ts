/** A JSON log line in words, for a terminal: `WARN brokers unreachable brokers=127.0.0.1:9092`. */

const COLOURS: Record<string, string> = { debug: "2", warn: "33", error: "31", fatal: "31;1" };
const HIDDEN = new Set(["level", "time", "service", "msg"]);

/** Lines of other programs pass through unchanged. Always ends with a newline. */
export function textLine(line: string, colour: boolean): string {
  const entry = line.startsWith("{") ? parse(line) : undefined;
  if (entry === undefined || typeof entry.msg !== "string") return line.endsWith("\n") ? line : `${line}\n`;
  const level = String(entry.level);
  const word = level === "info" ? "" : `${paint(level.toUpperCase(), COLOURS[level], colour)} `;
  const fields = Object.entries(entry)
    .filter(([name]) => !HIDDEN.has(name))
    .map(([name, value]) => paint(`${name}=${shown(value)}`, "2", colour));
  return `${[word + entry.msg, ...fields].join(" ")}\n`;
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

export function paint(text: string, code: string | undefined, colour: boolean): string {
  return colour && code !== undefined ? `\u001b[${code}m${text}\u001b[0m` : text;
}
