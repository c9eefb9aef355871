import { expect, test } from "bun:test";
import { HEAP_ENV } from "./heap-env.ts";

const read = (file: string) => Bun.file(new URL(`../${file}`, import.meta.url)).text();

test("the enricher's environment is the same however it is started", async () => {
  const { scripts } = JSON.parse(await read("package.json")) as { scripts: Record<string, string> };
  const asWords = Object.entries(HEAP_ENV).map(([name, value]) => `${name}=${value}`);
  expect(scripts.enrich).toContain(`${asWords.join(" ")} bun enrich/main.ts`);

  const { services } = Bun.YAML.parse(await read("docker-compose.yml")) as {
    services: Record<string, { environment: Record<string, unknown> }>;
  };
  expect(services.enrich?.environment).toMatchObject(
    Object.fromEntries(Object.entries(HEAP_ENV).map(([name, value]) => [name, Number(value)])),
  );
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
