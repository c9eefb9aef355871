/**
 * ApiVersions: which APIs in which versions. The first thing that a client asks.
 *
 * A version that is not known is answered in form 0 with error 35, so that the client can ask again (KIP-511).
 */
import { ERROR } from "../protocol/errors.ts";
import { arrayOf, int16, string, throttleTimeMs, unused } from "../protocol/fields.ts";
import { api, type Broker } from "./api.ts";

export const apiVersions = api({
  key: 18,
  name: "ApiVersions",
  versions: [0, 3],
  flexibleFrom: 3,
  request: { clientSoftwareName: unused(string, "", 3), clientSoftwareVersion: unused(string, "", 3) },
  response: {
    errorCode: int16,
    apiKeys: arrayOf({ apiKey: int16, minVersion: int16, maxVersion: int16 }),
    throttleTimeMs: throttleTimeMs(1),
  },
  handle: (broker) => versionsOf(broker, ERROR.NONE),
});

export function versionsOf({ apis }: Broker, errorCode: number) {
  const apiKeys = apis.map(({ key, advertised: [minVersion, maxVersion] }) => ({
    apiKey: key,
    minVersion,
    maxVersion,
  }));
  return { errorCode, apiKeys };
}
