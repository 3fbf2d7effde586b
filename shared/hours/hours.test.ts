import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ConfigError } from "../config/config.ts";
import { parseHours, readHours, toHoursText } from "./hours.ts";

async function read(content: string | object) {
  const folder = await mkdtemp(join(tmpdir(), "parley-hours-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "hours.json");
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  return readHours(path);
}

describe("the hours of a site", () => {
  it("are unknown without a file", async () => {
    expect(await readHours(join(tmpdir(), "no-such-folder", "hours.json"))).toBeUndefined();
  });

  it("are read in order, and a day without any is closed", async () => {
    const hours = await read({
      zone: "America/New_York",
      week: { mon: ["13:00-17:30", "09:00-12:00"], sun: ["00:00-24:00"] },
      dates: { "2026-12-24": ["09:00-12:00"], "2026-12-25": [] },
    });
    expect(hours?.week.mon).toEqual([
      { from: 540, to: 720 },
      { from: 780, to: 1050 },
    ]);
    expect(hours?.week.sun).toEqual([{ from: 0, to: 1440 }]);
    expect(hours?.week.tue).toEqual([]);
    expect(hours?.dates["2026-12-25"]).toEqual([]);
  });

  it("are written as they are read", async () => {
    const written = {
      zone: "Asia/Kolkata",
      week: { mon: ["09:00-12:00", "13:05-24:00"], tue: [], wed: [], thu: [], fri: [], sat: [], sun: ["00:00-00:01"] },
      dates: { "2026-12-24": ["09:00-12:00"], "2026-12-25": [] },
    };
    const hours = await read(written);
    expect(hours && toHoursText(hours)).toEqual(written);
    expect(parseHours(written)).toEqual(hours);
    expect(parseHours({ ...written, zone: "Mars/Olympus" })).toBeUndefined();
  });

  it.each<[string, string | object, string]>([
    ["no JSON", "{", "expected JSON"],
    ["an unknown zone", { zone: "Europe/Nowhere", week: {} }, "zone: must be a zone of the IANA database"],
    ["an offset", { zone: "+01:00", week: {} }, "zone: must be a zone of the IANA database"],
    ["no week", { zone: "UTC" }, "week"],
    ["an unknown day", { zone: "UTC", week: { monday: [] } }, "monday"],
    [
      "a stretch past midnight",
      { zone: "UTC", week: { mon: ["22:00-02:00"] } },
      "week.mon.0: must be a stretch of one day",
    ],
    [
      "an hour without its zero",
      { zone: "UTC", week: { mon: ["9:00-12:00"] } },
      "week.mon.0: must be a stretch of one day",
    ],
    ["a minute that no clock shows", { zone: "UTC", week: { mon: ["09:60-12:00"] } }, "week.mon.0: must be a stretch"],
    ["what ends after the day", { zone: "UTC", week: { mon: ["09:00-24:30"] } }, "week.mon.0: must be a stretch"],
    [
      "stretches that overlap",
      { zone: "UTC", week: { mon: ["09:00-12:00", "11:00-13:00"] } },
      "week.mon: must not overlap",
    ],
    [
      "a date that is none",
      { zone: "UTC", week: {}, dates: { "2026-02-30": [] } },
      "dates.2026-02-30: has an invalid name: must be a date",
    ],
  ])("are refused with the path of the fault: %s", async (_, content, message) => {
    const refused = await read(content).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ConfigError);
    expect((refused as ConfigError).message).toContain(message);
  });
});
