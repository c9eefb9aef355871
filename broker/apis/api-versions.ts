/**
 * ApiVersions: which APIs in which versions. The first thing that a client asks.
 *
 * A version that is not known is answered in form 0 with error 35, so that the client can ask again (KIP-511).
 * Version 3 is the only flexible one of this broker; its request, the client's name, is not looked at.
 */
import { ERROR } from "../protocol/errors.ts";
import * as t from "../protocol/fields.ts";
import { api, type Broker } from "./api.ts";

const tags = t.unused(t.int8, 0, 3);
const range = t.struct({ key: t.int16, least: t.int16, most: t.int16, tags });
const ranges = t.array(range);
/** The compact form has the length plus one as a varint, which for so few is one byte. Never read. */
const compactRanges: typeof ranges = {
  ...ranges,
  write(writer, value, version) {
    t.int8.write(writer, value.length + 1, version);
    for (const entry of value) range.write(writer, entry, version);
  },
};

export const apiVersions = api(18, "ApiVersions", [0, 3], {
  request: {},
  response: {
    errorCode: t.int16,
    apiKeys: t.between(0, 2, ranges, []),
    compactApiKeys: t.since(3, compactRanges, []),
    throttleTimeMs: t.throttleTimeMs(1),
    tags,
  },
  handle: (broker) => versionsOf(broker, ERROR.NONE),
});

export function versionsOf({ apis }: Broker, errorCode: number) {
  const apiKeys = apis.map(({ key, versions: [least, most] }) => ({ key, least, most }));
  return { errorCode, apiKeys, compactApiKeys: apiKeys };
}
