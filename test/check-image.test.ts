import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

it("says in one line what the check of the image needs, where it is missing", () => {
  const root = join(import.meta.dirname, "..");
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "scripts/check-image.ts")], {
    cwd: root,
    env: { PATH: "/nowhere" },
    encoding: "utf8",
  });
  expect(stderr).toMatch(/^check:image .*buildah.* \(apt-get install buildah debootstrap debian-archive-keyring\)\n$/);
  expect(stdout).toBe("");
  expect(status).toBe(1);
});
