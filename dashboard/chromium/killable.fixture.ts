/** A dashboard over a seeded view in a process of its own, for a test that kills it: nothing is closed in order then. */
import { seeded } from "../seeded.fixture.ts";
import { serveDashboard } from "../serve.fixture.ts";

if (import.meta.main) {
  const { port } = await serveDashboard({ view: seeded(Number(process.argv[2])) });
  console.log(port);
}

export interface Killable extends AsyncDisposable {
  port: number;
  url: string;
  kill(): Promise<void>;
}

/** `began` is the time up to which its view is seeded, ms. */
export async function startKillable(began: number): Promise<Killable> {
  const child = Bun.spawn([process.execPath, import.meta.path, String(began)], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const { value } = await child.stdout.getReader().read();
  const port = Number(new TextDecoder().decode(value));
  if (!(port > 0)) throw new Error(`expected the port of the dashboard, found ${port}`);
  const kill = async () => {
    child.kill("SIGKILL");
    await child.exited;
  };
  return { port, url: `http://127.0.0.1:${port}`, kill, [Symbol.asyncDispose]: kill };
}
