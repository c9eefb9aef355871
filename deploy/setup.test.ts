/** setup.sh with a `docker` and a `curl` of our own on the PATH: what it would do, in which order, and what it says. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "..");
let folder = "";
let calls = "";

/** Writes down how it was called, and does what the test's variables say. */
const DOCKER = `#!/bin/bash
echo "\${COMPOSE_PROFILES:+[$COMPOSE_PROFILES] }docker $*" >>"$CALLS"
case "$*" in
  "compose version") exit \${NO_COMPOSE:-0} ;;
  info) exit \${NO_DAEMON:-0} ;;
  *"ps --status running --services"*) printf 'redpanda\\n%s\\n' "$RUNNING" ;;
  *"ps --status restarting --services"*) echo "$RESTARTING" ;;
  *" run --rm "*) exit \${BAD_REGISTRY:-0} ;;
  *" up "*) exit \${BAD_START:-0} ;;
esac
`;
const CURL = `#!/bin/bash
exit \${NOT_READY:-0}
`;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "iot-setup-"));
  calls = join(folder, "calls");
  for (const [name, text] of Object.entries({ docker: DOCKER, curl: CURL })) program(name, text);
  for (const name of ["bash", "sed", "id", "cat", "grep", "head", "dirname", "sleep", "find"])
    symlinkSync(Bun.which(name) ?? "", join(folder, name));
});
afterAll(() => rmSync(folder, { recursive: true }));

function program(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
  chmodSync(join(folder, name), 0o755);
}

/** Runs it with nothing else on the PATH; gives its exit code, all that it said, and the calls of docker. */
function setup(args: string[], env: Record<string, string> = {}, tree = ROOT) {
  writeFileSync(calls, "");
  const ran = Bun.spawnSync([join(folder, "bash"), join(tree, "setup.sh"), ...args], {
    env: { PATH: folder, CALLS: calls, SETUP_WAIT_S: "1", ...env },
    stdin: "ignore",
  });
  const did = readFileSync(calls, "utf8").trim().split("\n");
  return { code: ran.exitCode, said: `${ran.stdout}${ran.stderr}`, did: did.slice(2) };
}

const compose = (profiles: string, command: string) => `[${profiles}] docker compose ${command}`;
const both = (command: string) => compose("connect,bun", command);
const LOOKS = [both("ps --status running --services"), both("ps --status restarting --services")];
const BUILDS = both("run --rm --no-deps preflight bun connect/build.ts --out /transform");

describe("setup.sh", () => {
  test("starts everything with Connect, waits until it is ready, and says where it is", () => {
    const { code, said, did } = setup([]);
    expect(did).toEqual([
      ...LOOKS,
      compose("connect", "build --quiet"),
      both("rm --stop --force enrich"),
      compose("connect", "up --detach"),
    ]);
    expect(code).toBe(0);
    for (const words of [
      "http://localhost:5001",
      "http://localhost:8080",
      "docker exec iot-cloud-redpanda rpk topic consume iot.raw",
      "docker exec iot-cloud-redpanda rpk topic consume iot.enriched",
    ])
      expect(said).toContain(words);
  });

  test("says which of the mounted files the containers could not read, and starts nothing", () => {
    const tree = mkdtempSync(join(tmpdir(), "iot-tree-"));
    cpSync(join(ROOT, "setup.sh"), join(tree, "setup.sh"));
    for (const folder of ["config", "connect"]) mkdirSync(join(tree, folder));
    for (const file of ["config/device-registry.json", "connect/pipeline.yaml"])
      writeFileSync(join(tree, file), "", { mode: 0o600 });
    chmodSync(join(tree, "config"), 0o700);
    const { code, said, did } = setup([], {}, tree);
    rmSync(tree, { recursive: true });
    expect({ code, did }).toEqual({ code: 1, did: [] });
    expect(said).toContain(
      "may not read config, config/device-registry.json, connect/pipeline.yaml. Run: chmod -R o+rX",
    );
  });

  for (const state of ["RUNNING", "RESTARTING"])
    test(`run again, has Connect load what preflight has built anew: it was ${state.toLowerCase()}`, () => {
      const { code, did } = setup([], { [state]: "connect" });
      expect([code, did.slice(-2)]).toEqual([
        0,
        [compose("connect", "up --detach"), compose("connect", "restart connect")],
      ]);
    });

  test("restarts no Connect that it has just started, and none that it has taken away", () => {
    for (const [args, running] of [
      [[], ""],
      [[], "enrich"],
      [["--bun"], "connect"],
    ] as const) {
      const { code, did } = setup([...args], { RUNNING: running });
      expect([code, did.filter((call) => call.includes("restart connect"))]).toEqual([0, []]);
    }
  });

  test("leaves Connect alone when the start has failed: preflight may have built nothing", () => {
    const { code, did } = setup([], { RUNNING: "connect", BAD_START: "1" });
    expect([code, did.at(-1)]).toEqual([1, compose("connect", "up --detach")]);
  });

  test("--bun takes Connect away before the Bun host joins the group", () => {
    expect(setup(["--bun"]).did).toEqual([
      ...LOOKS,
      compose("bun", "build --quiet"),
      both("rm --stop --force connect"),
      compose("bun", "up --detach"),
    ]);
  });

  test("--reload restarts Connect with a registry that is sound", () => {
    const { code, did } = setup(["--reload"], { RUNNING: "connect" });
    expect(did).toEqual([...LOOKS, BUILDS, both("restart connect")]);
    expect(code).toBe(0);
  });

  test("--reload changes nothing with one that is not", () => {
    const { code, said, did } = setup(["--reload"], { RUNNING: "connect", BAD_REGISTRY: "1" });
    expect(did).toEqual([...LOOKS, BUILDS]);
    expect([code, said]).toEqual([1, expect.stringContaining("keeps the old one")]);
  });

  for (const [what, env, code, words, restarts] of [
    ["the Bun host has seen the file", { RUNNING: "enrich" }, 0, "have it already", false],
    [
      "a Connect that ends again and again is started anew",
      { RESTARTING: "connect" },
      0,
      "keeps failing",
      true,
    ],
    [
      "one that is not ready then is said",
      { RESTARTING: "connect", NOT_READY: "1" },
      3,
      "is not ready",
      true,
    ],
    ["so is one that ran until now", { RUNNING: "connect", NOT_READY: "1" }, 3, "is not ready", true],
    ["a Bun host that ends again and again is said", { RESTARTING: "enrich" }, 3, "enrichment-bun", false],
    ["no enricher is said", {}, 2, "no enricher is running", false],
  ] as const)
    test(`--reload with a sound registry: ${what}`, () => {
      const { code: ended, said, did } = setup(["--reload"], env);
      expect(did).toEqual([...LOOKS, BUILDS, ...(restarts ? [both("restart connect")] : [])]);
      expect([ended, said]).toEqual([code, expect.stringContaining(words)]);
      expect(said.includes("have it already")).toBe(code === 0 && !restarts);
    });

  test("--down stops both kinds of enricher and keeps the messages", () => {
    expect(setup(["--down"]).did).toEqual([both("down --remove-orphans")]);
  });

  test("--logs follows all, or the one that is named", () => {
    expect(setup(["--logs"]).did).toEqual([both("logs --follow --tail 100")]);
    expect(setup(["--logs", "connect"]).did).toEqual([both("logs --follow --tail 100 connect")]);
  });

  test("anything else is answered with what there is", () => {
    const { code, said, did } = setup(["--help"]);
    expect([code, did]).toEqual([1, []]);
    expect(said).toContain("./setup.sh --reload");
  });

  for (const [what, env, words] of [
    ["no compose", { NO_COMPOSE: "1" }, "docker compose is missing"],
    ["a daemon that does not answer", { NO_DAEMON: "1" }, "docker does not answer"],
    ["a preflight that fails", { BAD_START: "1" }, "docker logs iot-cloud-preflight"],
    ["a service that is not ready in time", { NOT_READY: "1" }, "is not ready after 1 s"],
  ] as const)
    test(`${what} is said, with exit code 1`, () => {
      const { code, said } = setup([], env);
      expect([code, said]).toEqual([1, expect.stringContaining(words)]);
    });
});
