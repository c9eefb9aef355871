/**
 * The words in which a message is described once, to be read, written and typed from that.
 *
 * In: `{ name: t.string, partitions: t.arrayOf({ index: t.int32 }) }`, fields in wire order.
 * Out: a Field that reads and writes it, and its TypeScript type by `ValueOf`.
 * Source: https://kafka.apache.org/protocol#protocol_types, without the compact types of flexible versions.
 */
import { lengthOf, ProtocolError, type Reader, type Writer } from "./codec.ts";

export interface Field<T> {
  read(reader: Reader, version: number): T;
  write(writer: Writer, value: T, version: number): void;
}

export type Fields = Record<string, Field<unknown>>;

/** The object that `Fields` describe, without those that are `unused`. */
export type ValueOf<F extends Fields> = {
  [K in keyof F as F[K] extends Field<undefined> ? never : K]: F[K] extends Field<infer T> ? T : never;
};

const integer = (width: 1 | 2 | 4): Field<number> => ({
  read: (reader) => reader.take(width).readIntBE(0, width),
  write: (writer, value) => void writer.claim(width).writeIntBE(value, 0, width),
});

export const int8 = integer(1);
export const int16 = integer(2);
export const int32 = integer(4);

/** Offsets and times fit in 2^53; a larger number is a client's fault and is clamped. */
export const int64: Field<number> = {
  read(reader) {
    const value = Number(reader.take(8).readBigInt64BE());
    return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value));
  },
  write: (writer, value) => void writer.claim(8).writeBigInt64BE(BigInt(value)),
};

export const bool: Field<boolean> = {
  read: (reader, version) => int8.read(reader, version) !== 0,
  write: (writer, value, version) => int8.write(writer, value ? 1 : 0, version),
};

/** Bytes behind their length; -1 stands for null. */
const blob = (length: Field<number>): Field<Buffer | null> => ({
  read(reader, version) {
    const size = length.read(reader, version);
    return size < 0 ? null : reader.take(size);
  },
  write(writer, value, version) {
    length.write(writer, value?.length ?? -1, version);
    if (value) writer.append(value);
  },
});

const shortBlob = blob(int16);
export const nullableBytes = blob(int32);

export const nullableString: Field<string | null> = {
  read: (reader, version) => shortBlob.read(reader, version)?.toString("utf8") ?? null,
  write: (writer, value, version) =>
    // What came in as bad UTF-8 is three times as long as it was.
    shortBlob.write(writer, value === null ? null : Buffer.from(value).subarray(0, 32_767), version),
};

export function struct<F extends Fields>(fields: F): Field<ValueOf<F>> {
  const entries = Object.entries(fields);
  return {
    read: (reader, version) =>
      Object.fromEntries(entries.map(([name, field]) => [name, field.read(reader, version)])) as ValueOf<F>,
    write(writer, value: Record<string, unknown>, version) {
      for (const [name, field] of entries) field.write(writer, value[name], version);
    },
  };
}

const nullableArray = <T>(item: Field<T>): Field<T[] | null> => ({
  read(reader, version) {
    const length = int32.read(reader, version);
    // Every item takes a byte at least: a count beyond the frame must not allocate anything.
    if (length > reader.remaining) throw new ProtocolError(`an array of ${length} items ends early`);
    return length < 0 ? null : Array.from({ length }, () => item.read(reader, version));
  },
  write(writer, value, version) {
    int32.write(writer, value?.length ?? -1, version);
    for (const entry of value ?? []) item.write(writer, entry, version);
  },
});

const required = <T>(field: Field<T | null>): Field<T> => ({
  read(reader, version) {
    const value = field.read(reader, version);
    if (value === null) throw new ProtocolError("null where the protocol expects a value");
    return value;
  },
  write: field.write,
});

export const string = required(nullableString);
export const bytes = required(nullableBytes);
/** Bytes whose parts are written one behind the other. */
export const bytesInParts: Field<Buffer[]> = {
  read: (reader, version) => [bytes.read(reader, version)],
  write(writer, value, version) {
    int32.write(writer, lengthOf(value), version);
    for (const it of value) writer.append(it);
  },
};
export const array = <T>(item: Field<T>) => required(nullableArray(item));
export const nullableStrings = nullableArray(string);
export const arrayOf = <F extends Fields>(fields: F) => array(struct(fields));
export const nullableArrayOf = <F extends Fields>(fields: F) => nullableArray(struct(fields));
/** The form that most messages have: fields for each partition of each topic. */
export const topicsOf = <F extends Fields>(partition: F) =>
  arrayOf({ name: string, partitions: arrayOf(partition) });

/** A field of the versions `from` to `to`; in others it is not on the wire and reads as `absent`. */
export function between<T>(from: number, to: number, field: Field<T>, absent: T): Field<T> {
  const isThere = (version: number) => version >= from && version <= to;
  return {
    read: (reader, version) => (isThere(version) ? field.read(reader, version) : absent),
    write(writer, value, version) {
      if (isThere(version)) field.write(writer, value, version);
    },
  };
}

export const since = <T>(from: number, field: Field<T>, absent: T) => between(from, 99, field, absent);

/** A field that this broker has no use for: skipped when read, `value` when written. */
export function unused<T>(field: Field<T>, value: T, from = 0, to = 99): Field<undefined> {
  const there = between(from, to, field, value);
  return {
    read: (reader, version) => void there.read(reader, version),
    write: (writer, _, version) => there.write(writer, value, version),
  };
}

/** Never throttled: no quotas here. */
export const throttleTimeMs = (from = 0) => unused(int32, 0, from);
