import { expect, test } from "bun:test";
import { aClient, afterwards, aStream, until } from "./broker.fixture.ts";
import { watchOffsets } from "./watch.ts";
import { createWatchdog } from "./watchdog.ts";

function watch(port: number, topic: string, lateMs: number) {
  const stopping = new AbortController();
  const options = { groupId: "g", topics: [topic], fromBeginning: true, commit: true };
  const times = { everyMs: 10, lateMs, stop: stopping.signal };
  const watched = watchOffsets(aClient(port), createWatchdog(), { ...options, ...times });
  void watched.run();
  afterwards(() => stopping.abort());
  return watched;
}

test("brokers that take the question and do not answer are a reason within the limit, not after the client's minute", async () => {
  const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  afterwards(() => silent.stop(true));
  const { reason } = watch(silent.port, "iot.raw", 200);
  await until("it is said", () => reason() !== undefined, { withinMs: 2_000 });
  expect(reason()).toMatch(/^group g: the brokers have not reported their offsets for \d+ s$/);
});

test("brokers that answer are no reason", async () => {
  const { port, topic } = await aStream(3);
  const { reason } = watch(port, topic, 5_000);
  for (let look = 0; look < 50; look++) {
    expect(reason()).toBeUndefined();
    await Bun.sleep(10);
  }
});
