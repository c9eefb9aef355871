/**
 * The five compressions of a batch's records, unpacked within a bound.
 *
 * In: the bytes behind a batch's header, their codec (0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd), the most bytes they may unpack to.
 * Errors: BatchError; `MESSAGE_TOO_LARGE` when it would be more, and then no more than that was made.
 */
import { gunzipSync } from "node:zlib";
import { BatchError, ERROR } from "./errors.ts";
import { unpackLz4 } from "./lz4.ts";
import { TooLarge } from "./output.ts";
import { unpackSnappy } from "./snappy.ts";
import { unpackZstd } from "./zstd.ts";

/** The most that the records of a batch may unpack to; a batch that is larger is not stored. */
export const MOST_UNPACKED = 33_554_432;

export const CODECS = ["none", "gzip", "snappy", "lz4", "zstd"];

export function unpack(records: Buffer, codec: number, most: number): Buffer {
  try {
    if (codec === 0) return records;
    if (codec === 1) return gunzipSync(records, { maxOutputLength: most });
    if (codec === 2) return unpackSnappy(records, most);
    if (codec === 3) return unpackLz4(records, most);
    return unpackZstd(records, most);
  } catch (error) {
    const code = error instanceof Error && "code" in error && error.code;
    const isTooLarge = error instanceof TooLarge || code === "ERR_BUFFER_TOO_LARGE";
    const why = isTooLarge ? `it unpacks to more than ${most} bytes` : `it cannot be unpacked: ${error}`;
    throw new BatchError(
      isTooLarge ? ERROR.MESSAGE_TOO_LARGE : ERROR.INVALID_RECORD,
      `${CODECS[codec]}: ${why}`,
    );
  }
}
