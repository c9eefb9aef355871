import { expect, test } from "bun:test";
import { $ } from "bun";
import { HEAP_ENV } from "./heap-env.ts";

/** What it was given. */
const PRINTED = `const { MIMALLOC_PURGE_DELAY, BUN_JSC_heapGrowthMaxIncrease } = process.env;
console.log(JSON.stringify({ MIMALLOC_PURGE_DELAY, BUN_JSC_heapGrowthMaxIncrease }))`;

const read = (file: string) => Bun.file(new URL(`../${file}`, import.meta.url)).text();

test("the enricher's environment is the same however it is started", async () => {
  const { scripts } = JSON.parse(await read("package.json")) as { scripts: Record<string, string> };
  const words = await $`env $(grep = runtime/heap.env) ${process.execPath} -e ${PRINTED}`.text();
  expect(JSON.parse(words)).toEqual(HEAP_ENV);
  expect(Object.keys(HEAP_ENV)).toEqual(["MIMALLOC_PURGE_DELAY", "BUN_JSC_heapGrowthMaxIncrease"]);
  expect(scripts.enrich).toContain("env $(grep = runtime/heap.env) bun enrich/main.ts");

  const { services } = Bun.YAML.parse(await read("docker-compose.yml")) as {
    services: Record<string, { env_file?: string }>;
  };
  expect(services.enrich?.env_file).toBe("runtime/heap.env");
});

test("this Bun takes it: an option that it does not know would end the process", async () => {
  const child = Bun.spawn([process.execPath, "-e", "console.log('up')"], {
    env: { ...process.env, ...HEAP_ENV },
    stdout: "pipe",
    stderr: "pipe",
  });
  expect(await new Response(child.stdout).text()).toBe("up\n");
  expect(await new Response(child.stderr).text()).toBe("");
});
