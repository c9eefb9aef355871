/** The plan of the registry that tests pin (test/registry/) as the hosts have it: under the digest of its file. */
import { PINNED_TEXT, planOf } from "../registry/pinned.fixture.ts";

export const PLAN = planOf(PINNED_TEXT, new Bun.CryptoHasher("sha256").update(PINNED_TEXT).digest("hex"));
