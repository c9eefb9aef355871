declare module "kafkajs-snappy" {
  /** A kafkajs codec: raw blocks and the framed form that Java writes. */
  const codec: () => {
    compress(encoder: { buffer: Buffer }): Promise<Buffer>;
    decompress(bytes: Buffer): Promise<Buffer>;
  };
  export default codec;
}
