/**
 * The compression of what we write: zstd. kafkajs ships gzip only; what is read is unpacked by fetched.ts.
 *
 * zstd at level 1 costs less than it saves: the checksum and the copies after it work on a tenth of the bytes.
 */

import { CompressionCodecs, CompressionTypes } from "kafkajs";

const zstd = {
  /** kafkajs hands over its encoder; only its bytes matter. */
  compress: async ({ buffer }: { buffer: Buffer }) => Bun.zstdCompressSync(buffer, { level: 1 }),
  decompress: async (bytes: Buffer) => Bun.zstdDecompressSync(bytes),
};

/** kafkajs keeps one table for the process; filling it twice does no harm. */
export function registerCodecs(): void {
  Object.assign(CompressionCodecs, { [CompressionTypes.ZSTD]: () => zstd });
}
