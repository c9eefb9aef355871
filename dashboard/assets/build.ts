/**
 * Bundles what the browser loads. Run by manifest.ts in a process of its own, so that the bundler's memory goes with it.
 *
 * In: the folder to fill, as the first argument. Out: files named by their content, each with a `.gz` beside it, and
 * `manifest.json`: name -> file. Errors: the bundler's messages, exit 1.
 */
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

const KEPT_BUILDS = 6;
const here = import.meta.dir;
const folder = process.argv[2];
if (folder === undefined) throw new Error("expected the folder to fill as the first argument");
/** Filled beside it and renamed: whoever reads the folder finds it whole. */
const work = `${folder}.${process.pid}`;
await mkdir(work, { recursive: true });
const files: Record<string, string> = {};

const bundle = await Bun.build({
  entrypoints: [join(here, "live.ts"), join(here, "charts.ts"), join(here, "shares.ts")],
  target: "browser",
  minify: true,
});
for (const output of bundle.outputs)
  await put(basename(output.path), new Uint8Array(await output.arrayBuffer()));

const uplot = await readFile(Bun.resolveSync("uplot/dist/uPlot.min.css", here), "utf8");
const styles = ["tokens", "layout", "cards", "status", "controls", "tables", "flow", "charts", "messages"];
const own = await Promise.all(styles.map((name) => readFile(join(here, `style/${name}.css`), "utf8")));
// Ours first: tokens.css says the order of the layers. Not through the bundler, which rewrites light-dark() for old
// browsers and with it the custom properties.
const bare = own
  .join("\n")
  .replace(/\/\*.*?\*\//gs, "")
  .replace(/\s*\n\s*/g, "\n");
await put("style.css", Buffer.from(`${bare}@layer reset{${uplot}}\n`));
await put("icon.svg", await readFile(join(here, "icon.svg")));

await writeFile(join(work, "manifest.json"), JSON.stringify(files));
await rm(folder, { recursive: true, force: true });
await forgetOld(dirname(folder));
await rename(work, folder).catch(async (error) => {
  // Another process was faster with the same content.
  await rm(work, { recursive: true, force: true });
  if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
});

async function put(name: string, content: Uint8Array): Promise<void> {
  const hash = new Bun.CryptoHasher("sha256").update(content).digest("hex").slice(0, 10);
  const file = name.replace(/(\.\w+)$/, `-${hash}$1`);
  files[name] = file;
  await writeFile(join(work, file), content);
  // Once for each content, so the slowest and smallest: 3 % less than zlib's.
  const gzip = Bun.gzipSync(new Uint8Array(content), { library: "libdeflate", level: 12 });
  await writeFile(join(work, `${file}.gz`), gzip);
}

/** Builds of other contents: the last few may still be in use by a process. */
async function forgetOld(parent: string): Promise<void> {
  const names = await readdir(parent);
  const aged = await Promise.all(
    names.map(async (name) => ({
      name,
      at: (await stat(join(parent, name)).catch(() => undefined))?.mtimeMs ?? 0,
    })),
  );
  for (const { name } of aged.toSorted((a, b) => b.at - a.at).slice(KEPT_BUILDS))
    await rm(join(parent, name), { recursive: true, force: true });
}
