/** Every service of compose that is ours, in the image as it would be built, until it is ready; no container engine. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { freePort, type Process, ROOT, until } from "../test/processes.fixture.ts";
import { describeWith } from "../test/real/parts.fixture.ts";
import { type Cluster, startEmbeddedBroker } from "../test/system.fixture.ts";
import { buildImage, type Image } from "./image.fixture.ts";

interface Service {
  build?: string;
  command: string[];
  environment: Record<string, string | number>;
  restart: string;
}

const compose = Bun.YAML.parse(await Bun.file(`${ROOT}/docker-compose.yml`).text()) as {
  services: Record<string, Service>;
};
const ours = Object.entries(compose.services).filter(([, { build }]) => build !== undefined);

describeWith(
  ["mount-namespace", "git"],
  "the image, as uid 1000 on a read-only root without capabilities",
  () => {
    let image: Image;
    let broker: Cluster;
    const running: Process[] = [];
    beforeAll(async () => {
      [image, broker] = await Promise.all([buildImage(), startEmbeddedBroker()]);
    }, 120_000);
    afterAll(async () => {
      for (const process of running) await process.stop();
      await broker?.stop();
      image?.remove();
    });

    /** As compose fills it in where nothing is set, but for addresses of this machine. */
    function envOf({ environment }: Service, port: number): Record<string, string> {
      const filled = Object.entries(environment).map(([name, value]) => [
        name,
        `${value}`.replace(/\$\{[A-Z_]+:-([^}]*)\}/g, "$1"),
      ]);
      const own = "HEALTH_PORT" in environment ? "HEALTH_PORT" : "PORT";
      return {
        ...Object.fromEntries(filled),
        KAFKA_BROKERS: broker.brokers,
        HOST: "127.0.0.1",
        [own]: `${port}`,
      };
    }

    test("is what it says: no root, nothing to be written but /tmp", async () => {
      const script =
        "id -u; touch /app/x /x /usr/x; grep CapEff /proc/self/status; touch /tmp/x && echo written";
      const process = image.run("sh", ["sh", "-c", script], {});
      await process.exited;
      expect(process.output()).toContain("1000");
      expect(process.output().match(/Read-only file system/g)).toHaveLength(3);
      expect(process.output()).toMatch(/CapEff:\s+0+\n/);
      expect(process.output()).toContain("written");
    });

    for (const [name, service] of ours.filter(([, { restart }]) => restart === "no"))
      test(`${name} does its work and ends with 0`, async () => {
        const process = image.run(name, service.command, envOf(service, freePort()));
        expect({ code: await process.exited, output: process.tail() }).toMatchObject({ code: 0 });
      }, 60_000);

    for (const [name, service] of ours.filter(([, { restart }]) => restart !== "no"))
      test(`${name} becomes ready, says so to its health check, and ends within its time`, async () => {
        const env = envOf(service, freePort());
        const process = image.run(name, service.command, env);
        running.push(process);
        const isHealthy = async () =>
          (await image.run("health", ["bun", "deploy/healthy.ts"], env).exited) === 0;
        await until(`${name} is healthy`, isHealthy, { withinMs: 30_000, everyMs: 500, alive: [process] });
        if (name !== "dashboard") return;
        const page = await (await fetch(`http://127.0.0.1:${env.PORT}/`)).text();
        const style = /href="(\/assets\/style-[^"]+)"/.exec(page)?.[1];
        expect((await fetch(`http://127.0.0.1:${env.PORT}${style}`)).status).toBe(200);
      }, 60_000);
  },
);
