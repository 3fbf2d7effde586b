import { describe, expect, it } from "vitest";
import { isErrorText } from "./soft-404.ts";

const probe =
  "Nothing found. We looked for /q8x1-none but there is no such page here. Try the search, or call 020 555 10.";
const frame = "Home Seeds Tools Pots Basket Account Help Contact Delivery Returns ".repeat(3);

describe("error page with status 200", () => {
  it("has the text of a random address, but for addresses and numbers", () => {
    expect(isErrorText(probe, probe)).toBe(true);
    expect(isErrorText(probe.replace("/q8x1-none", "/help/old").replace("10", "77"), probe)).toBe(true);
    expect(isErrorText(`${frame} ${probe}`, `${frame} ${probe} Soon`)).toBe(true);
  });

  it("is found without blanks between words", () => {
    const japanese = "お探しのページは見つかりませんでした。検索をお試しください。";
    expect(isErrorText(japanese, japanese)).toBe(true);
    expect(isErrorText("返品は三十日以内にお願いします。送料は無料です。", japanese)).toBe(false);
  });

  it("is no page with text of its own, however large the frame", () => {
    expect(isErrorText("Seeds are sown in March.", probe)).toBe(false);
    const own = "Bulbs go out on Mondays and arrive within three days, well wrapped against frost and rain.";
    expect(isErrorText(`${frame} ${own}`, `${frame} ${probe}`)).toBe(false);
  });

  it("is no short page, and no empty one", () => {
    expect(isErrorText("Open daily from 9 to 18", "Page not found")).toBe(false);
    expect(isErrorText("", "")).toBe(false);
    expect(isErrorText("", probe)).toBe(false);
  });
});
