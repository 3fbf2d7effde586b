import { answerWith, helpPage, type SiteServer } from "../site-server.ts";
import type { OddSite } from "./odd-site.ts";

const bytes = (hex: string) => Buffer.from(hex, "hex");

/** Signs in their charset; Node's own tables lack some of those of `euc-kr` and `big5`. */
const korean = bytes("b9ddc7b0c0ba20bbe7bdcac0cf20bec8bfa120b0a1b4c9c7d5b4cfb4d9208c63b9e6b0a2c7cf");
const japanese = bytes("95d4956982cd8e6c8f5c93fa88c893e082c582b720947a919797bf82cd96b397bf");
const chinese = bytes("b068b366b4c1adadacb0a57ca451a4d120886220fefe");
const russian = bytes("f7cfdad7d2c1d420d4cfd7c1d2c120d720d4c5dec5cec9c520d3cfd2cfcbc120c4cec5ca");

const html = "text/html";

function pageOf(text: Buffer, head = ""): Buffer {
  return Buffer.concat([Buffer.from(`<html><head>${head}</head><body><p>`), text, Buffer.from("</p></body></html>")]);
}

const germanPage = (path: string) => helpPage(path, `Größe ändern kostet 5 € bei ${path}.`);
const latin = (path: string) => Buffer.from(`Gr\xf6\xdfe \xe4ndern kostet 5 \x80 bei ${path}.`, "latin1");

function open({ pages }: SiteServer): void {
  const serve = (path: string, type: string, body: Buffer) =>
    pages.set(path, answerWith(200, { "content-type": type }, body));
  serve("/big5-meta", html, pageOf(chinese, `<!-- ${"-".repeat(1100)} --><meta charset="Big5">`));
  serve("/euc-kr", `${html}; charset=EUC-KR`, pageOf(korean, `<meta charset="utf-8">`));
  serve("/koi8-r", html, pageOf(russian, `<meta http-equiv=Content-Type content="text/html; charset=koi8-r">`));
  serve("/latin1", html, pageOf(latin("/latin1"), `<meta charset="iso-8859-1">`));
  serve("/nothing", html, Buffer.from(germanPage("/nothing")));
  serve("/shift-jis", `${html}; charset=none`, pageOf(japanese, `<meta charset='x-sjis'>`));
  serve("/utf16-be", html, Buffer.from(`\ufeff${germanPage("/utf16-be")}`, "utf16le").swap16());
  serve("/utf16-le", `${html}; charset=utf-8`, Buffer.from(`\ufeff${germanPage("/utf16-le")}`, "utf16le"));
  serve("/utf8-bom", `${html}; charset=iso-8859-1`, Buffer.from(`\ufeff${germanPage("/utf8-bom")}`));
  serve("/utf8-meta", html, Buffer.from(`<meta charset="iso-8859-1">${germanPage("/utf8-meta")}`));
  serve("/windows-1252", "", pageOf(latin("/windows-1252")));
}

const german = (path: string) => ({ path, has: [`Größe ändern kostet 5 € bei ${path}.`] });

export const charsets: OddSite = {
  name: "charsets",
  open,
  documents: [
    { path: "/big5-meta", has: ["退貨期限為四十天 Ê̄ 秔"] },
    { path: "/euc-kr", has: ["반품은 사십일 안에 가능합니다 똠방각하"] },
    { path: "/koi8-r", has: ["Возврат товара в течение сорока дней"] },
    german("/latin1"),
    german("/nothing"),
    { path: "/shift-jis", has: ["返品は四十日以内です 配送料は無料"] },
    german("/utf16-be"),
    german("/utf16-le"),
    german("/utf8-bom"),
    german("/utf8-meta"),
    german("/windows-1252"),
  ],
};
