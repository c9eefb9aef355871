/** What docs/producers.md shows really runs: Python, kcat and Go send through Kafka and read back; Python reads the schema. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { TypeCompiler } from "@sinclair/typebox/compiler";
import { run } from "../connect/engine.ts";
import { Telemetry } from "../schemas/telemetry.ts";
import { oracle, report } from "../audit/oracle.ts";
import { startQuickKafka } from "./real/apache-kafka.fixture.ts";
import { describeWith, type PartName, partPath } from "./real/parts.fixture.ts";
import { PLAN } from "./pinned-plan.fixture.ts";
import {
  type Cluster,
  createTopics,
  drained,
  ready,
  type Service,
  startEmbeddedBroker,
  startService,
} from "./system.fixture.ts";
import { telemetryValues } from "./telemetry.case.ts";

/** Each sends a good message and a bad one, on a cluster of this kind; then the oracle reads all of them. */
function producers(on: string, startCluster: () => Promise<Cluster>, names: Example[]): void {
  describe(`the producers of docs/producers/ on ${on}`, () => {
    let cluster: Cluster;
    let enrich: Service;
    let ran = 0;
    beforeAll(async () => {
      cluster = await startCluster();
      await createTopics(cluster);
      enrich = startService("enrich", cluster);
      await ready(enrich);
    }, 120_000);
    afterAll(async () => {
      await enrich?.process.stop();
      await cluster?.stop();
    });

    for (const { file, parts, command, cwd, says } of names)
      describeWith(parts, file, () => {
        test("sends both and reads both", async () => {
          const { code, output } = await run([...command(), cluster.brokers], { cwd });
          expect([code, code === 0 ? "" : output]).toEqual([0, ""]);
          for (const words of says) expect(output).toContain(words);
          ran++;
        }, 300_000);
      });

    test("the oracle finds no anomaly in what they have sent", async () => {
      const raw = await drained(cluster);
      const verdict = await oracle({ brokers: cluster.brokers, plans: [PLAN] });
      expect(verdict.anomalies.length === 0 ? "none" : report(verdict)).toBe("none");
      expect([verdict.raw, verdict.enriched, verdict.deadLetters]).toEqual([raw, ran, ran]);
    }, 60_000);
  });
}

interface Example {
  file: string;
  parts: PartName[];
  command: () => string[];
  cwd?: string;
  says: string[];
}

const KCAT: Example = {
  file: "kcat.sh",
  parts: ["kcat"],
  command: () => ["bash", "docs/producers/kcat.sh"],
  says: ['"grade":"GOOD"', "iot.reason=bad_timestamp"],
};
const EXAMPLES: Example[] = [
  {
    file: "producer.py",
    parts: ["python-kafka", "python-jsonschema"],
    command: () => [partPath("python-jsonschema"), "docs/producers/producer.py"],
    says: [
      "by the schema: good\n",
      "by the schema: '21.4 degrees'",
      "enriched: GOOD []\n",
      "dead letter: schema /measurements ",
    ],
  },
  KCAT,
  {
    file: "go/main.go",
    parts: ["go"],
    command: () => [partPath("go"), "run", "-buildvcs=false", "."],
    cwd: "docs/producers/go",
    says: ["enriched: GOOD\n", "dead letter: bad_timestamp /timestamp "],
  },
];

producers("the embedded broker", startEmbeddedBroker, EXAMPLES);

describeWith(["java", "kafka-jars", "kcat"], "with Apache Kafka", () => {
  producers("Apache Kafka", startQuickKafka, [KCAT]);
});

test("the producers are named in the guide", () => {
  const guide = readFileSync("docs/producers.md", "utf8");
  for (const { file } of EXAMPLES) expect(guide).toContain(`producers/${file}`);
});

const PYTHON = `
import json, pathlib, sys
from jsonschema import Draft202012Validator

valid = Draft202012Validator(json.loads(pathlib.Path("schemas/json/telemetry.schema.json").read_text())).is_valid
for line in sys.stdin:
    print("01"[valid(json.loads(line))], end="")
`;

describeWith(["python-jsonschema"], "Python's jsonschema", () => {
  test("agrees with TypeBox on 5,000 generated messages, good and bad", async () => {
    const values = [...telemetryValues(5_000, 2)];
    const check = TypeCompiler.Compile(Telemetry);
    const lines = values.map((value) => JSON.stringify(value)).join("\n");
    const { code, output } = await run([partPath("python-jsonschema"), "-c", PYTHON], {
      input: new Blob([lines]),
    });
    expect([code, output.length]).toEqual([0, values.length]);
    // Enough of each kind that agreeing by chance is no way out.
    const good = values.filter((value) => check.Check(value)).length;
    expect(good).toBeGreaterThan(1_000);
    expect(values.length - good).toBeGreaterThan(1_000);
    const differ = values.filter((value, at) => check.Check(value) !== (output[at] === "1"));
    expect(differ.slice(0, 3)).toEqual([]);
  }, 120_000);
});
