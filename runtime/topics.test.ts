/** `bun run topics` as whoever deploys meets it. */
import { expect, test } from "bun:test";
import { freePort, startEntry } from "../test/processes.ts";

test("--check says that brokers are away and ends with 1, within some seconds", async () => {
  const brokers = `127.0.0.1:${freePort()}`;
  const child = startEntry("runtime/topics.ts", { KAFKA_BROKERS: brokers }, ["--check"]);
  const ended = await Promise.race([child.exited, Bun.sleep(15_000)]);
  await child.stop(0);
  expect(ended).toBe(1);
  expect(child.output().trimEnd().split("\n").at(-1)).toBe(
    `Kafka at ${brokers}: no answer within 10 s, nothing was checked`,
  );
}, 20_000);
