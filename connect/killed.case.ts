/** The pipeline killed with -9 in mid-flow and started again, on whatever broker the flow is. */
import { expect } from "bun:test";
import { withAdmin } from "../kafka/admin.ts";
import { topicName } from "../schemas/topics.ts";
import { oracle, report } from "../audit/oracle.ts";
import { until } from "../test/processes.fixture.ts";
import { PLAN } from "../test/pinned-plan.fixture.ts";
import { corpus } from "./corpus.case.ts";
import { type Flow, produce, startPipeline, through } from "./gate.ts";

export async function losesNothingWhenKilled(
  flow: Flow,
  env: Record<string, string>,
  count: number,
): Promise<void> {
  await produce(flow, corpus(count));
  const first = await startPipeline(flow, env);
  await withAdmin(flow.kafka, (admin) =>
    until("a part is through", async () => (await outputs(flow, admin)) > count / 10, {
      withinMs: 120_000,
      everyMs: 20,
      alive: [first],
    }),
  );
  first.kill("SIGKILL");
  await first.exited;
  expect(await withAdmin(flow.kafka, (admin) => outputs(flow, admin))).toBeLessThan(count);

  const second = await startPipeline(flow, env);
  await through(flow, second, 180_000);
  expect((await second.stop(25_000)).code).toBe(0);
  const verdict = await oracle({
    brokers: flow.brokers,
    plans: [PLAN],
    prefix: flow.prefix,
    repeats: "after a kill",
  });
  expect(report(verdict)).toBe(report({ ...verdict, anomalies: [] }));
  expect(verdict.raw).toBe(count);
}

type Admin = Parameters<Parameters<typeof withAdmin>[1]>[0];

/** Counts the outputs over a connection that is there already: the flow takes seconds, and a look at it must not. */
async function outputs(flow: Flow, admin: Admin): Promise<number> {
  const ends = await Promise.all(
    (["enriched", "dlq"] as const).map((name) => admin.fetchTopicOffsets(topicName(name, flow.prefix))),
  );
  return ends.flat().reduce((sum, { high }) => sum + Number(high), 0);
}
