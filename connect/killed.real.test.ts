/** A kill -9 of the pipeline where there is nothing but Go: on the embedded broker. */
import { afterAll, beforeAll, test } from "bun:test";
import { describeWith } from "../test/real/parts.fixture.ts";
import { PLAN } from "../test/pinned-plan.fixture.ts";
import { type Cluster, startEmbeddedBroker } from "../test/system.fixture.ts";
import { BUILD_TIMEOUT_MS, buildEngine } from "./engine.ts";
import { createFlow, transformFolder } from "./gate.ts";
import { losesNothingWhenKilled } from "./killed.case.ts";

describeWith(["go"], "the pipeline on the embedded broker", () => {
  let files: Awaited<ReturnType<typeof transformFolder>>;
  let broker: Cluster;

  beforeAll(async () => {
    [files, broker] = await Promise.all([transformFolder(PLAN), startEmbeddedBroker(), buildEngine()]);
  }, BUILD_TIMEOUT_MS);
  afterAll(async () => {
    files.remove();
    await broker.stop();
  });

  test("loses nothing and keeps the order when it is killed with -9 in mid-flow", async () => {
    await losesNothingWhenKilled(await createFlow(broker.brokers), files.env, 6_000);
  }, 400_000);
});
