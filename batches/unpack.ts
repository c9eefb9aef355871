/**
 * The five compressions of a batch's records, unpacked within a bound.
 *
 * In: the bytes behind a batch's header, their codec (0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd), the most bytes they may unpack to.
 * Out: the records; of snappy and lz4 good until the next batch is unpacked, so copy what you keep.
 * Errors: InvalidBatch; TooLarge when it would be more, and then no more than that was made.
 */
import { gunzipSync } from "node:zlib";
import { InvalidBatch, TooLarge } from "./errors.ts";
import { unpackLz4 } from "./lz4.ts";
import { unpackSnappy } from "./snappy.ts";
import { unpackZstd } from "./zstd.ts";

export const CODECS = ["none", "gzip", "snappy", "lz4", "zstd"];

export function unpack(records: Buffer, codec: number, most: number): Buffer {
  if (codec >= CODECS.length) throw new InvalidBatch(`expected compression 0 to 4, got ${codec}`);
  try {
    if (codec === 1) return gunzipSync(records, { maxOutputLength: most });
    if (codec === 2) return unpackSnappy(records, most);
    if (codec === 3) return unpackLz4(records, most);
    if (codec === 4) return unpackZstd(records, most);
  } catch (error) {
    const code = error instanceof Error && "code" in error && error.code;
    const isTooLarge = error instanceof TooLarge || code === "ERR_BUFFER_TOO_LARGE";
    if (isTooLarge) throw new TooLarge(`${CODECS[codec]}: it unpacks to more than ${most} bytes`);
    throw new InvalidBatch(`${CODECS[codec]}: it cannot be unpacked: ${error}`);
  }
  if (records.length > most)
    throw new TooLarge(`its records have ${records.length} bytes, more than ${most}`);
  return records;
}
