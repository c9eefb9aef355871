/**
 * The image without a container engine: its tree by .dockerignore and the Dockerfile's steps, and a command run in it as compose
 * would: uid 1000, no capabilities, the root read-only, /tmp in memory.
 *
 * Needs a mount namespace (root, unshare). The root is made of this machine's /usr; Bun is the one that runs the test.
 * Errors: a step that the Dockerfile has and this does not know, a step that fails, with what it printed.
 */
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Process, ROOT, start } from "../test/processes.fixture.ts";

export interface Image {
  /** Runs a command there, as compose would. */
  run(name: string, command: string[], env: Record<string, string>): Process;
  remove(): void;
}

const USER = 1000;

export async function buildImage(): Promise<Image> {
  const folder = mkdtempSync(join(tmpdir(), "iot-image-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    for (const name of ["transform", "etc", "root"]) mkdirSync(join(folder, name));
    writeFileSync(join(folder, "etc/passwd"), `root:x:0:0::/:/bin/sh\nbun:x:${USER}:${USER}::/tmp:/bin/sh\n`);
    writeFileSync(join(folder, "etc/group"), `root:x:0:\nbun:x:${USER}:\n`);
    writeFileSync(join(folder, "etc/hosts"), "127.0.0.1 localhost\n");
    await build(folder, await Bun.file(join(ROOT, "Dockerfile")).text());
    // A named volume takes the owner of the image's folder.
    chownSync(join(folder, "transform"), USER, USER);
  } catch (error) {
    remove();
    throw error;
  }
  return {
    run: (name, command, env) => start(name, jail(folder, command, USER), env),
    remove,
  };
}

async function build(folder: string, dockerfile: string): Promise<void> {
  const kept = await context();
  let stage = "";
  const app = () => join(folder, stage);
  for (const line of dockerfile.replaceAll(/\\\n\s*/g, "").split("\n")) {
    const [step = "", ...words] = line.split(" ");
    if (step === "FROM") {
      stage = words[2] ?? "app";
      mkdirSync(app());
    } else if (step === "COPY" && words[0]?.startsWith("--from=")) {
      const [from = "", to = ""] = [words[0].slice("--from=".length), words[2]];
      cpSync(join(folder, from, words[1]?.replace("/app/", "") ?? ""), join(app(), to), { recursive: true });
    } else if (step === "COPY") {
      const sources = words.slice(0, -1);
      const wanted = kept.filter((file) =>
        sources.some((source) => source === "." || file === source || file.startsWith(`${source}/`)),
      );
      for (const file of wanted) {
        mkdirSync(dirname(join(app(), file)), { recursive: true });
        cpSync(join(ROOT, file), join(app(), file));
        chmodSync(join(app(), file), 0o600); // as of a tree that was cloned with umask 077
      }
    } else if (step === "RUN") {
      const command = words.join(" ");
      // Packages come from the network or the cache, which the root has not; their stage is not the image.
      const argv = stage === "app" ? jail(folder, ["sh", "-ec", command], 0) : ["sh", "-ec", command];
      const done = Bun.spawnSync(argv, { cwd: app(), env: environment(), stderr: "pipe" });
      if (done.exitCode !== 0) throw new Error(`RUN ${command}: ended with ${done.exitCode}\n${done.stderr}`);
    } else if (!/^(WORKDIR|ENV|USER|EXPOSE|HEALTHCHECK|CMD|#.*|)$/.test(step))
      throw new Error(`Dockerfile: a step that is not known here: ${line}`);
  }
}

/** The commands of the Dockerfile are of the Bun that runs the test. */
function environment(): Record<string, string> {
  return {
    ...(process.env as Record<string, string>),
    PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
  };
}

/** The files of the tree that .dockerignore lets into the image: the last pattern that a path or a folder of it meets decides. */
async function context(): Promise<string[]> {
  const patterns = (await Bun.file(join(ROOT, ".dockerignore")).text())
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => ({ keeps: line.startsWith("!"), glob: new Bun.Glob(line.replace(/^!/, "")) }));
  const listed = Bun.spawnSync(["git", "ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: ROOT,
  });
  return listed.stdout
    .toString()
    .split("\n")
    .filter((file) => file !== "" && statSync(join(ROOT, file), { throwIfNoEntry: false })?.isFile())
    .filter((file) => {
      const parts = file.split("/");
      const paths = parts.map((_, at) => parts.slice(0, at + 1).join("/"));
      return patterns.findLast(({ glob }) => paths.some((path) => glob.match(path)))?.keeps ?? true;
    });
}

/** Jails a command: root, while the image is built, may write /app; the user of the image may write nothing but /tmp and the volume. */
function jail(folder: string, command: string[], uid: number): string[] {
  const root = join(folder, "root");
  const isBuild = uid === 0;
  const script = [
    `mount -t tmpfs -o mode=755 none ${root}`,
    `cd ${root}`,
    "mkdir usr etc app proc dev tmp transform bun",
    "ln -s usr/bin bin && ln -s usr/lib lib && ln -s usr/sbin sbin",
    "[ ! -e /lib64 ] || ln -s usr/lib64 lib64",
    "for part in usr proc dev; do mount --rbind /$part $part; done",
    `mount --bind ${dirname(process.execPath)} bun && mount -o remount,bind,ro bun`,
    `mount --bind ${join(folder, "etc")} etc && mount -o remount,bind,ro etc`,
    `mount --bind ${join(folder, "app")} app`,
    `mount --bind ${join(folder, "transform")} transform`,
    "mount -t tmpfs -o mode=1777 none tmp",
    ...(isBuild
      ? []
      : ["mount -o remount,bind,ro app", "mount -o remount,bind,ro usr", "mount -o remount,ro ."]),
    `exec chroot . /usr/bin/env PATH=/bun:/usr/bin:/bin HOME=/tmp NODE_ENV=production \\
      ${isBuild ? "" : `setpriv --reuid ${uid} --regid ${uid} --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all`} \\
      sh -c 'cd /app && exec "$@"' sh "$@"`,
  ].join("\n");
  return ["unshare", "--mount", "--propagation", "private", "sh", "-ec", script, "sh", ...command];
}
