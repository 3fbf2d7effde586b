import { answerWith, type SiteServer } from "../site-server.ts";
import type { OddSite } from "./odd-site.ts";

/** A PDF file of one page with one line. Readers find its objects without a table of them. */
function pdfOf(text: string): Buffer {
  const content = `BT /F1 12 Tf 72 720 Td (${text}) Tj ET`;
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
  ].map((object, index) => [`${index + 1} 0 obj`, object, "endobj", ""].join("\n"));
  return Buffer.from(`%PDF-1.4\n${objects.join("")}trailer\n<< /Size 6 /Root 1 0 R >>\n%%EOF\n`, "latin1");
}

const questions = {
  "@context": "https://schema.org",
  "@graph": [
    {
      "@type": "FAQPage",
      mainEntity: [
        {
          "@type": "Question",
          name: "Is the glaze safe?",
          acceptedAnswer: { "@type": "Answer", text: "<p>Yes, it is free of lead &amp; cadmium.</p>" },
        },
      ],
    },
  ],
};

const faq = `<title>Questions</title><main><h1>Questions</h1><a href="#glaze">Is the glaze safe?</a></main>
  <script type="application/ld+json"><!-- ${JSON.stringify(questions)} --></script>`;

const markdown =
  "---\ntitle: Care\n---\n# Care\n\nRinse with **warm** water.\n\n| part | dishwasher |\n|---|---|\n| lid | no |\n";

function open({ pages }: SiteServer): void {
  const serve = (path: string, type: string, body: string | Buffer) =>
    pages.set(path, answerWith(200, { "content-type": type }, body));
  pages.set("/faq", faq);
  serve("/care.md", "text/markdown; charset=utf-8", markdown);
  serve("/terms.pdf", "application/pdf", pdfOf("Returns are free within fourteen days."));
  serve("/broken.pdf", "application/pdf", "%PDF-1.4 and nothing else");
  serve("/hours.txt", "text/plain", "Monday: closed\nTuesday: 10 to 18\n\nWe speak German and Thai: ไทย.");
  serve("/style.css", "text/css", "p { color: red }");
}

export const files: OddSite = {
  name: "files and structured data",
  open,
  documents: [
    { path: "/broken.pdf", status: "left_out" },
    { path: "/care.md", has: ["Rinse with warm water.", "lid"], lacks: ["**", "title:"] },
    { path: "/faq", has: ["Is the glaze safe?", "free of lead & cadmium."], lacks: ["<p>"] },
    { path: "/hours.txt", has: ["Tuesday: 10 to 18", "ไทย"] },
    { path: "/style.css", status: "left_out", reason: "text/css" },
    { path: "/terms.pdf", has: ["Returns are free within fourteen days."] },
  ],
};
