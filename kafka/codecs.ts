/**
 * The compression codecs of a record batch: all five are read, zstd is what we write.
 *
 * kafkajs ships gzip only and dies of the rest, and Redpanda Connect writes snappy unless told otherwise.
 * zstd at level 1 costs less than it saves: the checksum and the copies after it work on a tenth of the bytes.
 */

import { CompressionCodecs, CompressionTypes } from "kafkajs";
import snappy from "kafkajs-snappy";
import { lz4Decompress } from "./lz4.ts";

interface Codec {
  /** kafkajs hands over its encoder; only its bytes matter. */
  compress(encoder: { buffer: Buffer }): Promise<Buffer>;
  decompress(bytes: Buffer): Promise<Buffer>;
}

const zstd: Codec = {
  compress: async ({ buffer }) => Bun.zstdCompressSync(buffer, { level: 1 }),
  decompress: async (bytes) => Bun.zstdDecompressSync(bytes),
};

const lz4: Codec = {
  compress: () => Promise.reject(new Error("lz4 is only read here: write zstd")),
  decompress: async (bytes) => lz4Decompress(bytes),
};

/** kafkajs keeps one table for the process; filling it twice does no harm. */
export function registerCodecs(): void {
  Object.assign(CompressionCodecs, {
    [CompressionTypes.Snappy]: snappy,
    [CompressionTypes.LZ4]: () => lz4,
    [CompressionTypes.ZSTD]: () => zstd,
  });
}
