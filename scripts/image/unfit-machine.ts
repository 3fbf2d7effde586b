import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const programs = ["buildah", "debootstrap", "tar", "du", "ps"];

/** Ends the process with one line on what is missing, where images cannot be built. */
export function refuseUnfitMachine(): void {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin"];
  const missing = programs.filter((name) => !folders.some((folder) => existsSync(join(folder, name))));
  const faults = [
    ...(process.platform === "linux" ? [] : ["needs Linux"]),
    ...(process.getuid?.() === 0 ? [] : ["needs root, to call chroot (sudo npm run check:image)"]),
    ...(missing.length === 0
      ? []
      : [`needs ${missing.join(", ")} (apt-get install buildah debootstrap debian-archive-keyring)`]),
  ];
  if (faults.length === 0) return;
  console.error(`check:image ${faults.join("; ")}`);
  process.exit(1);
}
