/** The shell's own checker over our scripts. */
import { expect, test } from "bun:test";
import { describeWith, partPath } from "../test/real/parts.fixture.ts";

describeWith(["shellcheck"], "shellcheck", () => {
  for (const script of ["setup.sh", ".ci/run"])
    test(`finds no fault in ${script}`, () => {
      const ran = Bun.spawnSync([partPath("shellcheck"), script], { cwd: `${import.meta.dir}/..` });
      expect([ran.exitCode, String(ran.stdout)]).toEqual([0, ""]);
    });
});
