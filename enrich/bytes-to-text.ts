/** A record's bytes as the text that `enrich()` takes: the host's half of the rule for UTF-8 (decode.ts). */
import { isUtf8 } from "node:buffer";
import { REPLACEMENT } from "./text.ts";

/** Bytes that are no UTF-8 come out with each byte beyond ASCII as U+FFFD, so that the text grows and is refused. */
export function bytesToText(bytes: Buffer | null): string {
  if (bytes === null) return "";
  if (isUtf8(bytes)) return bytes.toString("utf8");
  return bytes.toString("latin1").replace(/[\u0080-\u00ff]/g, REPLACEMENT);
}
