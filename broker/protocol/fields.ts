/**
 * The words in which a message is described once, to be read, written and typed from that.
 *
 * In: `{ name: string, partitions: arrayOf({ index: int32 }) }`, fields in wire order.
 * Out: a Field that reads and writes it, and its TypeScript type by `ValueOf`.
 */
import { ProtocolError, type Reader, type Writer } from "./codec.ts";

export interface Field<T> {
  read(reader: Reader, version: number): T;
  write(writer: Writer, value: T, version: number): void;
}

export type Fields = Record<string, Field<unknown>>;

/** The object that `Fields` describe, without the fields that are `unused`. */
export type ValueOf<F extends Fields> = {
  [K in keyof F as F[K] extends Field<undefined> ? never : K]: F[K] extends Field<infer T> ? T : never;
};

export const int8: Field<number> = { read: (r) => r.int8(), write: (w, value) => w.int8(value) };
export const int16: Field<number> = { read: (r) => r.int16(), write: (w, value) => w.int16(value) };
export const int32: Field<number> = { read: (r) => r.int32(), write: (w, value) => w.int32(value) };
export const int64: Field<number> = { read: (r) => r.int64(), write: (w, value) => w.int64(value) };
export const bool: Field<boolean> = {
  read: (r) => r.int8() !== 0,
  write: (w, value) => w.int8(value ? 1 : 0),
};

export const nullableString: Field<string | null> = {
  read(reader) {
    const length = reader.length(2);
    return length < 0 ? null : reader.take(length).toString("utf8");
  },
  write(writer, value) {
    if (value === null) return writer.length(-1, 2);
    const bytes = Buffer.from(value);
    writer.length(bytes.length, 2);
    writer.raw(bytes);
  },
};

export const nullableBytes: Field<Buffer | null> = {
  read(reader) {
    const length = reader.length(4);
    return length < 0 ? null : reader.take(length);
  },
  write(writer, value) {
    writer.length(value?.length ?? -1, 4);
    if (value) writer.raw(value);
  },
};

/** Record batches one behind the other, as one run of bytes. */
export const batches: Field<Uint8Array[]> = {
  read: (reader) => [reader.take(reader.length(4))],
  write(writer, value) {
    writer.length(
      value.reduce((sum, batch) => sum + batch.length, 0),
      4,
    );
    for (const batch of value) writer.raw(batch);
  },
};

export function struct<F extends Fields>(fields: F): Field<ValueOf<F>> {
  const entries = Object.entries(fields);
  return {
    read(reader, version) {
      const value: Record<string, unknown> = {};
      for (const [name, field] of entries) value[name] = field.read(reader, version);
      reader.skipTags();
      return value as ValueOf<F>;
    },
    write(writer, value, version) {
      const values: Record<string, unknown> = value;
      for (const [name, field] of entries) field.write(writer, values[name], version);
      writer.noTags();
    },
  };
}

function nullableArray<T>(item: Field<T>): Field<T[] | null> {
  return {
    read(reader, version) {
      const length = reader.length(4);
      // Every item takes a byte at least: a count beyond the frame must not allocate anything.
      if (length > reader.remaining) throw new ProtocolError(`an array of ${length} items ends early`);
      return length < 0 ? null : Array.from({ length }, () => item.read(reader, version));
    },
    write(writer, value, version) {
      writer.length(value?.length ?? -1, 4);
      for (const entry of value ?? []) item.write(writer, entry, version);
    },
  };
}

function required<T>(field: Field<T | null>): Field<T> {
  return {
    read(reader, version) {
      const value = field.read(reader, version);
      if (value === null) throw new ProtocolError("null where the protocol wants a value");
      return value;
    },
    write: field.write,
  };
}

export const string = required(nullableString);
export const bytes = required(nullableBytes);
export const array = <T>(item: Field<T>) => required(nullableArray(item));
export const arrayOf = <F extends Fields>(fields: F) => array(struct(fields));
export const nullableArrayOf = <F extends Fields>(fields: F) => nullableArray(struct(fields));
export const nullableStrings = nullableArray(string);

/** A field of the versions `from` to `to`; in others it is not on the wire and reads as `absent`. */
export function between<T>(from: number, to: number, field: Field<T>, absent: T): Field<T> {
  return {
    read: (reader, version) => (version >= from && version <= to ? field.read(reader, version) : absent),
    write(writer, value, version) {
      if (version >= from && version <= to) field.write(writer, value, version);
    },
  };
}

export const since = <T>(from: number, field: Field<T>, absent: T) =>
  between(from, Number.POSITIVE_INFINITY, field, absent);

/** A field that this broker has no use for: skipped when read, `value` when written. */
export function unused<T>(
  field: Field<T>,
  value: T,
  from = 0,
  to = Number.POSITIVE_INFINITY,
): Field<undefined> {
  const there = (version: number) => version >= from && version <= to;
  return {
    read(reader, version) {
      if (there(version)) field.read(reader, version);
      return undefined;
    },
    write(writer, _, version) {
      if (there(version)) field.write(writer, value, version);
    },
  };
}

/** Never throttled: no quotas here. */
export const throttleTimeMs = (from = 0) => unused(int32, 0, from);
