import { access, constants } from "node:fs/promises";
import { expect, it } from "vitest";
import { findBinaries } from "./binaries.ts";

it("finds programs that run on this platform", async () => {
  const { initdb, postgres } = await findBinaries();

  await expect(access(initdb, constants.X_OK)).resolves.toBeUndefined();
  await expect(access(postgres, constants.X_OK)).resolves.toBeUndefined();
});

it("says what to do on an unsupported platform", async () => {
  await expect(findBinaries("sunos", "sparc")).rejects.toThrow(
    /no embedded PostgreSQL for sunos on sparc[^]*DATABASE_URL/,
  );
});
