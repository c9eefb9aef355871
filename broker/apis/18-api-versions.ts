/**
 * ApiVersions: which APIs in which versions. The first thing that a client asks.
 *
 * A version that is not known is answered in form 0 with error 35, so that the client can ask again (KIP-511).
 */
import { ERROR } from "../protocol/errors.ts";
import * as t from "../protocol/fields.ts";
import { api, type Broker } from "./api.ts";

export const apiVersions = api(18, "ApiVersions", [0, 3], {
  flexibleFrom: 3,
  request: {
    clientSoftwareName: t.unused(t.string, "", 3),
    clientSoftwareVersion: t.unused(t.string, "", 3),
  },
  response: {
    errorCode: t.int16,
    apiKeys: t.arrayOf({ apiKey: t.int16, minVersion: t.int16, maxVersion: t.int16 }),
    throttleTimeMs: t.throttleTimeMs(1),
  },
  handle: (broker) => versionsOf(broker, ERROR.NONE),
});

export function versionsOf({ apis }: Broker, errorCode: number) {
  const apiKeys = apis.map(({ key: apiKey, advertised: [minVersion, maxVersion] }) => ({
    apiKey,
    minVersion,
    maxVersion,
  }));
  return { errorCode, apiKeys };
}
