/** Whatever a value is: JSON in lines, text as text, other bytes as hexadecimal; the start of it, and the rest folded. */
import { count } from "../format.ts";
import { excerpt } from "../model/values.ts";
import { Rest } from "./disclosure.tsx";
import { type JsonProps, JsonView, OPEN_CHARS } from "./json-view.tsx";

export function ValueView({ value, ...rest }: { value: Uint8Array | null } & Omit<JsonProps, "text">) {
  if (value === null) return <p class="body top m">No value: a tombstone.</p>;
  if (value.length === 0) return <p class="body top m">An empty value.</p>;
  const text = readUtf8(value);
  if (text === undefined) return <BytesView bytes={value} />;
  return isJson(text) ? <JsonView text={text} {...rest} /> : <TextView text={text} />;
}

function readUtf8(value: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(value);
  } catch {
    return undefined;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const BYTES_A_LINE = 16;
const OPEN_BYTES = 512;
const MAX_BYTES = 4_096;

/** Bytes that are no text, as hexadecimal with what can be read beside it. */
export function BytesView({ bytes }: { bytes: Uint8Array }) {
  const shown = bytes.subarray(0, MAX_BYTES);
  const lines = Array.from({ length: Math.ceil(shown.length / BYTES_A_LINE) }, (_, i) =>
    bytesLine(shown.subarray(i * BYTES_A_LINE, (i + 1) * BYTES_A_LINE), i * BYTES_A_LINE),
  );
  if (bytes.length > MAX_BYTES) lines.push(`… and ${count(bytes.length - MAX_BYTES)} more bytes\n`);
  const open = OPEN_BYTES / BYTES_A_LINE;
  return (
    <>
      <Bytes lines={lines.slice(0, open)} />
      {lines.length > open && (
        <Rest words={`${count(bytes.length - OPEN_BYTES)} more bytes`}>
          <Bytes lines={lines.slice(open)} />
        </Rest>
      )}
    </>
  );
}

const Bytes = ({ lines }: { lines: string[] }) => (
  <section class="scroll" aria-label="Bytes of the message" tabindex={0}>
    <pre class="bytes">{lines}</pre>
  </section>
);

function bytesLine(bytes: Uint8Array, at: number): string {
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const readable = [...bytes]
    .map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : "·"))
    .join("");
  return `${at.toString(16).padStart(6, "0")}  ${hex.padEnd(BYTES_A_LINE * 3)} ${readable}\n`;
}

const MAX_TEXT = 65_536;

/** A text that is no JSON. */
function TextView({ text }: { text: string }) {
  if (text.length <= OPEN_CHARS) return <code class="excerpt body top">{excerpt(text, OPEN_CHARS)}</code>;
  return (
    <>
      <code class="excerpt body top">{excerpt(text, OPEN_CHARS)}</code>
      <Rest words={`${count(text.length - OPEN_CHARS)} more characters`}>
        <code class="excerpt body top">{excerpt(text.slice(OPEN_CHARS), MAX_TEXT)}</code>
      </Rest>
    </>
  );
}
