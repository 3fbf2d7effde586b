import { describe, expect, it } from "vitest";
import { detectLanguage } from "./language.ts";

describe("detectLanguage", () => {
  it.each([
    ["Can I send a teapot back after three weeks?", "en"],
    ["Kann ich das innerhalb von drei Wochen zurückschicken?", "de"],
    ["Siparişimi üç hafta sonra iade edebilir miyim?", "tr"],
    ["هل يمكنني إرجاع الإبريق بعد ثلاثة أسابيع؟", "ar"],
    ["送料はいくらですか", "ja"],
    ["退货", "zh"],
    ["배송비는 얼마인가요", "ko"],
    ["ส่งฟรีไหม", "th"],
    ["我的 iPhone 15 Pro 可以退货吗，请问？", "zh"],
  ])("tells that %s is %s", async (text, language) => {
    expect(await detectLanguage(text)).toBe(language);
  });

  it.each(["", "42", "AB-1234"])("leaves %j open", async (text) => {
    expect(await detectLanguage(text)).toBeUndefined();
  });
});
