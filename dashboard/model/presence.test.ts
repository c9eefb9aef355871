import { describe, expect, test } from "bun:test";
import type { Heartbeat } from "../../schemas/service.ts";
import { foldService } from "./fold.ts";
import { createGroup, type GroupFacts } from "../reading/group.ts";
import { presence } from "./presence.ts";
import { NOW, record } from "../sample.fixture.ts";
import { createView, setKafka, type ViewModel } from "./view.ts";

function view(): ViewModel {
  const made = createView(NOW);
  setKafka(made, true, NOW);
  return made;
}

function beat(
  into: ViewModel,
  service: string,
  pid: number,
  at: number,
  state: Heartbeat["state"] = "ready",
  heard = at,
): void {
  const time = new Date(at).toISOString();
  const heartbeat: Heartbeat = {
    service,
    instance: `host:${pid}`,
    state,
    reasons: state === "degraded" ? ["lag"] : [],
    version: "1",
    started_at: time,
    at: time,
    host: "host",
    counters: {},
  };
  foldService(into, record(pid, JSON.stringify(heartbeat), { timestamp: at }), heard);
}

const states = (v: ViewModel, group?: GroupFacts) =>
  presence(v, group, NOW).map(({ service, instance, presence: state }) => `${service} ${instance} ${state}`);

const CONNECT: GroupFacts = {
  at: NOW,
  lags: [{ partition: 0, committed: 90, end: 97, lag: 7 }],
  members: [{ clientId: "redpanda-connect", host: "/10.0.0.7" }],
};

describe("presence", () => {
  test("a service is degraded once its heartbeat is overdue, absent after three missed, and stays so until it is back", () => {
    const v = view();
    beat(v, "simulator", 1, NOW - 7_000);
    beat(v, "simulator", 5, NOW - 8_000);
    beat(v, "simulator", 6, NOW - 15_000);
    beat(v, "enrich", 2, NOW - 17_000);
    beat(v, "ingest", 3, NOW - 1_800_000);
    beat(v, "dashboard", 4, NOW, "degraded");
    expect(states(v)).toEqual([
      "dashboard host:4 degraded",
      "enrich host:2 absent",
      "ingest host:3 absent",
      "simulator host:1 up",
      "simulator host:5 degraded",
      "simulator host:6 degraded",
    ]);
    const late = presence(v, undefined, NOW).find(({ instance }) => instance === "host:5");
    expect(late?.reasons).toEqual(["its heartbeat is overdue"]);
  });

  test("heartbeats count from when they are heard: a host whose clock is behind is up", () => {
    const v = view();
    beat(v, "ingest", 1, NOW - 60_000, "ready", NOW - 1_000);
    expect(states(v)).toEqual(["ingest host:1 up"]);
  });

  test("one that was replaced or stopped is soon forgotten", () => {
    const v = view();
    beat(v, "enrich", 1, NOW - 70_000);
    beat(v, "enrich", 2, NOW - 1_000);
    beat(v, "simulator", 3, NOW - 70_000, "stopping");
    beat(v, "simulator", 4, NOW - 20_000, "stopping");
    expect(states(v)).toEqual(["enrich host:2 up", "simulator host:4 stopped"]);
  });

  test("while the brokers are away nobody is called absent", () => {
    const v = view();
    beat(v, "enrich", 1, NOW - 2_000);
    setKafka(v, false, NOW + 1);
    expect(presence(v, undefined, NOW + 600_000).map((line) => line.presence)).toEqual(["up"]);
  });

  test("nor while they hang: of what came after their last answer nothing is known", () => {
    const v = view();
    beat(v, "enrich", 1, NOW - 2_000);
    const at = (ms: number) => presence(v, undefined, NOW + ms).map((line) => line.presence);
    expect(at(600_000)).toEqual(["up"]);
    setKafka(v, false, NOW + 9_000, "away");
    expect(v.kafka.since).toBe(NOW);
    setKafka(v, true, NOW + 600_000);
    expect(at(600_000)).toEqual(["absent"]);
  });

  test("an enrichment on Connect is known by its group, with its lag and the registry of its newest verdict", () => {
    const v = view();
    v.judgedBy = "2.0.0+9c41e07a";
    const [line] = presence(v, CONNECT, NOW);
    expect(line).toMatchObject({ service: "enrich", presence: "up", lag: 7, registry: "2.0.0+9c41e07a" });
    expect(line?.reasons[0]).toContain("Connect");
    beat(v, "enrich", 9, NOW);
    expect(states(v, CONNECT)).toEqual(["enrich host:9 up"]);
  });
});

describe("the group's facts", () => {
  test("are asked once for all who look, at most each five seconds, and stand while the brokers are away", async () => {
    let now = 0;
    let asked = 0;
    let fails = false;
    const group = createGroup(
      async () => {
        asked++;
        if (fails) throw new Error("away");
        return { lags: [], members: [{ clientId: String(asked), host: "" }] };
      },
      () => {},
      () => now,
    );
    await Promise.all([group.first(), group.first()]);
    expect(group.last()?.members[0]?.clientId).toBe("1");
    expect(asked).toBe(1);
    const answered = () => new Promise((resolve) => setImmediate(resolve));
    now = 5_000;
    await group.first();
    await answered();
    expect(asked).toBe(2);
    fails = true;
    now = 10_000;
    expect((await group.first())?.members[0]?.clientId).toBe("2");
    expect(asked).toBe(3);
  });
});
