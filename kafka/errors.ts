/** Which errors are the cluster's, not the message's: they pass by waiting, so the caller tries again in place. */

const OUTAGES = new Set([
  "KafkaJSConnectionError",
  "KafkaJSConnectionClosedError",
  "KafkaJSRequestTimeoutError",
  "KafkaJSLockTimeout",
  "KafkaJSNoBrokerAvailableError",
  "KafkaJSBrokerNotFound",
  "KafkaJSGroupCoordinatorNotFound",
  "KafkaJSMetadataNotLoaded",
  "KafkaJSTopicMetadataNotLoaded",
  "KafkaUnavailable",
  // The user may be there, or right, in a moment; access.ts says what is wrong.
  "KafkaJSSASLAuthenticationError",
]);
/** Types that deny access. SASL's count, too: the broker's listener has another mechanism, or none. */
const ACCESS_TYPES = new Set([
  "UNSUPPORTED_SASL_MECHANISM",
  "ILLEGAL_SASL_STATE",
  "SASL_AUTHENTICATION_FAILED",
]);
const NETWORK_CODES = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "ENOTFOUND", "EAI_AGAIN"]);
const REJOIN_TYPES = new Set([
  "REBALANCE_IN_PROGRESS",
  "ILLEGAL_GENERATION",
  "UNKNOWN_MEMBER_ID",
  "NOT_COORDINATOR_FOR_GROUP",
]);

/** The group's members share no assignor with us. kafkajs does not call that retriable, but they may leave. */
const HELD_TYPE = "INCONSISTENT_GROUP_PROTOCOL";

/** A send that met its deadline: nothing is known about whether the brokers have it. */
export class KafkaUnavailable extends Error {
  override name = "KafkaUnavailable";
}

/** What the brokers refuse until an operator has put the topic right; a wait, not a crash. */
export class OutputRefused extends KafkaUnavailable {}

/** What was read so far is of a topic that is gone: the partition is read again from this offset on. */
export class StartOver extends Error {
  override name = "StartOver";
  constructor(
    message: string,
    readonly offset: number,
  ) {
    super(message);
  }
}

/** A message that the broker refuses for its size; no repetition helps. */
export class MessageTooLarge extends Error {
  override name = "MessageTooLarge";
}

/** True for connections, timeouts, what the protocol calls retriable, a held group. Looks through kafkajs's wrappers. */
export function isOutage(error: unknown): boolean {
  if (isGroupHeld(error)) return true;
  return causes(error).some(
    (one) =>
      OUTAGES.has(one.name) ||
      NETWORK_CODES.has(String(property(one, "code"))) ||
      ACCESS_TYPES.has(typeOf(one) ?? "") ||
      (one.name.startsWith("KafkaJS") && typeOf(one) !== undefined && property(one, "retriable") === true),
  );
}

/** True if the group is held by members with which we cannot share it, those of another client family. */
export function isGroupHeld(error: unknown): boolean {
  return protocolType(error) === HELD_TYPE;
}

/** True if the group no longer counts this member as it was: the batch is no longer ours to commit. */
export function mustRejoin(error: unknown): boolean {
  return causes(error).some((one) => REJOIN_TYPES.has(typeOf(one) ?? ""));
}

/** The protocol's own name for an error, `MESSAGE_TOO_LARGE`; undefined if it has none. */
export function protocolType(error: unknown): string | undefined {
  return causes(error).map(typeOf).find(Boolean);
}

/** The innermost message: what happened, without "number of retries exceeded" around it. */
export function reasonOf(error: unknown): string {
  return causes(error).at(-1)?.message ?? String(error);
}

function causes(error: unknown): Error[] {
  const found: Error[] = [];
  for (let one = error; one instanceof Error && found.length < 8; one = one.cause) found.push(one);
  return found;
}

function typeOf(error: Error): string | undefined {
  const type = property(error, "type");
  return typeof type === "string" ? type : undefined;
}

function property(error: Error, name: string): unknown {
  return (error as unknown as Record<string, unknown>)[name];
}
