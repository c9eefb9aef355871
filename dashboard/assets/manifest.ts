/**
 * The bundled assets: built once for each content of their sources, then only read.
 *
 * In: a folder that may be written. Out: name -> hashed file, and the files as responses that may be kept for ever.
 * Errors: the bundler's messages when the build fails.
 * Run by itself it only builds: an image does that, where the service may not write.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };

export interface Assets {
  /** Names the content of all of them. */
  build: string;
  /** "live.js" -> "/assets/live-1a2b3c4d5e.js" */
  href(name: string): string;
  /** Undefined for a file that is not one of them. */
  response(file: string, gzip: boolean): Response | undefined;
}

const TYPES: Record<string, string> = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/** Sources of the bundles outside this folder. */
const ALSO = ["../format.ts"];

export async function loadAssets(parent = "dist/dashboard"): Promise<Assets> {
  const build = sourceHash();
  const folder = join(parent, build);
  if (!existsSync(join(folder, "manifest.json"))) await runBuild(folder);
  const files = JSON.parse(await readFile(join(folder, "manifest.json"), "utf8")) as Record<string, string>;
  // All assets are in memory: a quarter of a megabyte, and nobody can take them away.
  const contents = new Map<string, { plain: Uint8Array<ArrayBuffer>; gzip: Uint8Array<ArrayBuffer> }>();
  for (const file of Object.values(files)) {
    const [plain, gzip] = await Promise.all([file, `${file}.gz`].map((name) => readFile(join(folder, name))));
    if (plain && gzip) contents.set(file, { plain: new Uint8Array(plain), gzip: new Uint8Array(gzip) });
  }
  return {
    build,
    href(name) {
      const file = files[name];
      if (file === undefined) throw new Error(`no asset ${name}; there are ${Object.keys(files).join(", ")}`);
      return `/assets/${file}`;
    },
    response(file, gzip) {
      const content = contents.get(file);
      if (content === undefined) return undefined;
      const headers = new Headers({
        "content-type": TYPES[file.slice(file.lastIndexOf(".") + 1)] ?? "application/octet-stream",
        "cache-control": "public, max-age=31536000, immutable",
        vary: "accept-encoding",
      });
      if (gzip) headers.set("content-encoding", "gzip");
      return new Response(gzip ? content.gzip : content.plain, { headers });
    },
  };
}

async function runBuild(folder: string): Promise<void> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "build.ts"), folder], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const errors = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(`the dashboard's assets could not be built:\n${errors}`);
}

function sourceHash(): string {
  const { dependencies, engines } = packageJson;
  const hasher = new Bun.CryptoHasher("sha256");
  hasher.update(
    JSON.stringify([dependencies["htmx.org"], dependencies.uplot, dependencies["chart.js"], engines.bun]),
  );
  const own = readdirSync(import.meta.dir, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(ts|css|svg)$/.test(file) && !file.includes(".test."))
    .sort();
  for (const file of [...own, ...ALSO]) hasher.update(readFileSync(join(import.meta.dir, file)));
  return hasher.digest("hex").slice(0, 12);
}

if (import.meta.main) await loadAssets();
