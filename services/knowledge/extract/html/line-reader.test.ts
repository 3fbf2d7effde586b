import { parse } from "parse5";
import { describe, expect, it } from "vitest";
import { findElements, isHtmlElement } from "./html-tree.ts";
import { readLines } from "./line-reader.ts";

function read(html: string) {
  const roots = findElements(parse(html), (element) => isHtmlElement(element, "body"));
  return readLines(roots, (element) => element.tagName === "script").lines;
}

const texts = (html: string) => read(html).map(({ text }) => text);

describe("lines", () => {
  it("are paragraphs, items and headings, with the level of a heading", () => {
    const html =
      '<h1>One <em>two</em></h1>Loose<p>A\n b</p><ul><li>x</li><li>y</li></ul><div role="heading" aria-level="4">Four</div>';
    expect(read(html)).toEqual([
      { text: "One two", heading: 1 },
      { text: "Loose" },
      { text: "A b" },
      { text: "x" },
      { text: "y" },
      { text: "Four", heading: 4 },
    ]);
  });

  it("keep a heading with a button or a box in one line", () => {
    expect(read("<h2><button aria-expanded=false>Can I <b>return</b> it?</button><div>Yes</div></h2>")).toEqual([
      { text: "Can I return it? Yes", heading: 2 },
    ]);
  });

  it("make the question of a details element a heading below the last one", () => {
    const html =
      "<h2>Help</h2><details><summary>Q1</summary>A1<details><summary>Q2</summary>A2</details></details><details><summary><h4>Q3</h4></summary>A3";
    expect(read(html)).toEqual([
      { text: "Help", heading: 2 },
      { text: "Q1", heading: 3 },
      { text: "A1" },
      { text: "Q2", heading: 4 },
      { text: "A2" },
      { text: "Q3", heading: 4 },
      { text: "A3" },
    ]);
  });

  it("number the items of ordered lists as a browser does", () => {
    expect(
      texts(
        "<ol><li>a<li value=5>b<li>c</ol><ol start=3 type=i><li>d</ol><ol reversed type=a><li><p>e</p><p>f</p><li>g</ol>",
      ),
    ).toEqual(["1. a", "5. b", "6. c", "iii. d", "b. e", "f", "a. g"]);
  });

  it("say what pictures show that stand in place of words, and leave other pictures out", () => {
    const cards = '<ul><li><img alt="Visa"><li><a href="/m"><img alt="Mastercard"></a><li><img alt="IMG_1.jpg"></ul>';
    expect(texts(cards)).toEqual(["Visa", "Mastercard"]);
    expect(texts('<p>We take <img alt="VISA"><img alt="AMEX">.</p><div><img alt="A teapot"></div>')).toEqual([
      "We take VISA AMEX.",
    ]);
  });

  it("put each of several definitions beside its term", () => {
    expect(texts("<dl><dt>Open<dd>Mon 9–18<dd>Sat 10–14<dt>Mail<dd>a@b.c</dl>")).toEqual([
      "Open: Mon 9–18",
      "Open: Sat 10–14",
      "Mail: a@b.c",
    ]);
  });

  it("put a short definition beside its term, and leave a long one below", () => {
    expect(
      texts("<dl><dt>Monday</dt><dt>Tuesday</dt><dd>9–17</dd><div><dt>Sent when?</dt><dd>Daily.</dd></div></dl>"),
    ).toEqual(["Monday, Tuesday: 9–17", "Sent when? Daily."]);
    expect(texts("<dl><dt>Fee</dt><dd><p>4 €</p><p>8 € abroad</p></dd><dd>More</dd></dl>")).toEqual([
      "Fee",
      "4 €",
      "8 € abroad",
      "More",
    ]);
  });

  it("end at two breaks, and not at one", () => {
    expect(texts("<p>Mon 9–17<br>Tue 10–18<br> <br>Wed closed</p>")).toEqual(["Mon 9–17 Tue 10–18", "Wed closed"]);
  });

  it("are the lines of preformatted text", () => {
    expect(texts("<pre>Mon   9–17\nTue\t<b>10–18</b>\n\nWed</pre>")).toEqual(["Mon 9–17", "Tue 10–18", "Wed"]);
  });

  it("are not made of punctuation alone", () => {
    expect(texts("<p>|</p><p>—</p><p>✓</p><p>€</p>")).toEqual(["✓", "€"]);
  });

  it("leave out what sends a form and long lists of choices, and keep other buttons", () => {
    const countries = "<option>A country".repeat(30);
    expect(
      texts(
        `<button type=submit>Send</button><button>Question?</button><select>${countries}</select><label>Size <select><option>S<option>M</select></label>`,
      ),
    ).toEqual(["Question?", "Size S, M"]);
  });
});

describe("words", () => {
  it.each([
    ["<span>Standard</span><span>4,90 €</span>", "Standard 4,90 €"],
    ["<span>49,90 €</span><span>Express</span>", "49,90 € Express"],
    ["<span>Mon:</span><span>9–17</span>", "Mon: 9–17"],
    ["<a>cart</a><a>shop</a>", "cart shop"],
    ["<span>49</span><span>90</span>", "49 90"],
    ["<span>49,</span><span>90</span> <span>€</span><span>9</span>", "49,90 €9"],
    [
      "<b>T</b>-Shirt <i>Wo</i>rd <span>w</span><span>ord</span> long<wbr>word <b>A</b>4",
      "T-Shirt Word word longword A4",
    ],
    ["<my-price>49,90</my-price> € <my-box><p>Box</p></my-box>", "49,90 €|Box"],
    ["<p>One</p>Two<div>Three</div>", "One|Two|Three"],
    ["a <q>quoted</q> word", "a “quoted” word"],
  ])("that are apart on the page stay apart: %s", (html, expected) => {
    expect(texts(html).join("|")).toBe(expected);
  });

  it.each([
    ["10<sup>2</sup> cm", "10^2 cm"],
    ["5 m<sup>2</sup>, 3 cm<sup>3</sup>", "5 m², 3 cm³"],
    ["49<sup>90</sup> €", "49,90 €"],
    ["$49<sup>90</sup>", "$49.90"],
    ["1<sup>st</sup> day, 2<sup>e</sup>", "1st day, 2e"],
    ["4,90 €<sup>1</sup> or Express<sup>2</sup>", "4,90 € ¹ or Express ²"],
    ["H<sub>2</sub>O and 10<sub>2</sub>", "H2O and 10 2"],
    ["Free<sup>*</sup> and 30<sup>1)</sup>", "Free* and 30 1)"],
  ])("and numbers do not melt with what is raised or lowered: %s", (html, expected) => {
    expect(texts(html)).toEqual([expected]);
  });

  it.each([
    ["<del>59,90 €</del> 49,90 €", "(old: 59,90 €) 49,90 €"],
    ["now <b>39 €</b><s><span>49</span> €</s>", "now 39 € (old: 49 €)"],
    ['<span style="text-decoration: line-through">20</span>10', "(old: 20) 10"],
    ["<del><p>All.</p><p>Gone.</p></del><ins>New.</ins>", "(old: All.)|(old: Gone.)|New."],
  ])("that were struck out are marked as old: %s", (html, expected) => {
    expect(texts(html).join("|")).toBe(expected);
  });
});

describe("tables", () => {
  it("give each value the names of its row and column, and say which cells are empty", () => {
    const html =
      "<table><caption>Delivery</caption><thead><tr><th></th><th>Standard</th><th>Express</th></tr></thead>" +
      '<tr><th scope="row">Spain</th><td>12,50 €</td><td></td></tr><tr><td>Austria</td><td></td><td>14,90 €</td></tr></table>';
    expect(texts(html)).toEqual([
      "Delivery",
      "Spain · Standard: 12,50 € · Express: –",
      "Austria · Standard: – · Express: 14,90 €",
    ]);
  });

  it("repeat what spans rows, and name all columns that a value spans", () => {
    const html =
      "<table><tr><th rowspan=2>Zone<th colspan=2>Germany<th>Abroad<tr><th>Standard<th>Express<th>Standard" +
      "<tr><td rowspan=2>North<td>4<td>9<td>12<tr><td colspan=2>free<td>11</table>";
    expect(texts(html)).toEqual([
      "Zone: North · Germany, Standard: 4 · Germany, Express: 9 · Abroad, Standard: 12",
      "Zone: North · Germany, Standard / Germany, Express: free · Abroad, Standard: 11",
    ]);
  });

  it("name the section of a row, and keep remarks apart", () => {
    const html =
      "<table><tr><th>Weight<th>Price<tr><th colspan=2>Europe<tr><td>1 kg<td>5 €<tr><th colspan=2>World<tr><td>1 kg<td>9 €<tr><td colspan=2>Prices include tax.</table>";
    expect(texts(html)).toEqual([
      "Europe · Weight: 1 kg · Price: 5 €",
      "World · Weight: 1 kg · Price: 9 €",
      "Prices include tax.",
    ]);
  });

  it("take a second head for the rows below it", () => {
    const html = "<table><tr><th>Day<th>Shop<tr><td>Mon<td>9–17<tr><th>Day<th>Phone<tr><td>Mon<td>8–20</table>";
    expect(texts(html)).toEqual(["Day: Mon · Shop: 9–17", "Day: Mon · Phone: 8–20"]);
  });

  it("read rows of a name and values without a head", () => {
    expect(texts("<table><tr><th>Weight<td>2 kg<tr><th>Size:<td>10 cm<td>20 cm</table>")).toEqual([
      "Weight: 2 kg",
      "Size: 10 cm · 20 cm",
    ]);
    expect(texts("<table><tr><td>Monday<td>closed<tr><td>Tuesday<td>9–17</table>")).toEqual([
      "Monday: closed",
      "Tuesday: 9–17",
    ]);
  });

  it("find a head without header cells if it is bold or stands above columns of numbers", () => {
    expect(texts("<table><tr><td><b>Day<td><b>Hours<tr><td>Mon<td>9–17</table>")).toEqual(["Day: Mon · Hours: 9–17"]);
    expect(
      texts("<table><tr><td>Land<td>Standard<td>Express<tr><td>Spain<td>12<td><tr><td>Italy<td>11<td>15</table>"),
    ).toEqual(["Land: Spain · Standard: 12 · Express: –", "Land: Italy · Standard: 11 · Express: 15"]);
  });

  it("may be made of roles", () => {
    const row = (role: string, ...cells: string[]) =>
      `<div role=row>${cells.map((cell) => `<div role=${role}>${cell}</div>`).join("")}</div>`;
    expect(texts(`<div role=table>${row("columnheader", "Day", "Hours")}${row("cell", "Mon", "9–17")}</div>`)).toEqual([
      "Day: Mon · Hours: 9–17",
    ]);
  });

  it("read pictures in cells by their description, and say nothing of others", () => {
    const html =
      '<table><tr><th>Plan<th>Chat<th>Phone<th>Mail<tr><td>Small<td><img alt="included"><td><i class=no></i><td></table>';
    expect(texts(html)).toEqual(["Plan: Small · Chat: included · Mail: –"]);
  });

  it("that only arrange a page are read as blocks", () => {
    const html =
      "<table><tr><td><h2>Left</h2><p>Text.</p><td><table><tr><th>Day<th>Hours<tr><td>Mon<td>9–17</table></table>";
    expect(texts(html)).toEqual(["Left", "Text.", "Day: Mon · Hours: 9–17"]);
  });

  it("join the lines of a cell", () => {
    expect(texts("<table><tr><th>Day<th>Hours<tr><td>Mon<td><p>9–12</p><p>14–18</p></table>")).toEqual([
      "Day: Mon · Hours: 9–12; 14–18",
    ]);
  });
});
