import { createHash } from 'node:crypto';
import { COUNTRY, MOTTO, PAPER, type ReportLayout, type ReportRow } from './layout.ts';

/** Letters, margins and the place of the page number as official papers of Vietnam have them: A4, 13 points, 20/20/30/15 mm. */
const STYLE = `
@page { size: A4; margin: 20mm 15mm 20mm 30mm; @top-center { content: counter(page); font: 13pt "Times New Roman", "Liberation Serif", serif; } }
@page :first { @top-center { content: ""; } }
* { box-sizing: border-box; }
body { margin: 0; font: 13pt/1.45 "Times New Roman", "Liberation Serif", "Noto Serif", serif; color: #000; background: #fff; }
header, footer { display: grid; grid-template-columns: 2fr 3fr; gap: 4mm; }
header { text-align: center; font-size: 12pt; line-height: 1.3; }
header p, footer p, h1, h2, .subject { margin: 0; }
.bold { font-weight: bold; }
.ruled::after { content: ""; display: block; width: 40%; margin: 1mm auto 0; border-top: 0.7pt solid #000; }
.motto { font-weight: bold; font-size: 13pt; }
.motto::after { content: ""; display: block; width: 60%; margin: 1mm auto 0; border-top: 0.7pt solid #000; }
.placed { font-style: italic; font-size: 13pt; margin-top: 2mm; }
h1 { margin-top: 8mm; text-align: center; font-size: 14pt; }
.subject { text-align: center; font-weight: bold; }
.subject::after { content: ""; display: block; width: 25%; margin: 1mm auto 5mm; border-top: 0.7pt solid #000; }
.recipient { text-align: center; margin: 0 0 4mm; }
.basis { margin: 0 0 1mm; font-style: italic; text-indent: 10mm; }
h2 { margin: 4mm 0 1mm; font-size: 13pt; break-after: avoid; }
.row { margin: 0 0 1.2mm; overflow-wrap: anywhere; }
.row ul { margin: 0; padding-left: 8mm; list-style: "- "; }
.prose { margin: 0; text-indent: 8mm; }
.dots { display: flex; align-items: baseline; gap: 2mm; }
.dots::after { content: ""; flex: 1; min-width: 20mm; border-bottom: 1pt dotted #000; }
footer { margin-top: 8mm; break-inside: avoid; }
.copies { font-size: 11pt; }
.copies .bold { font-style: italic; font-size: 12pt; }
.signed { text-align: center; }
.signed .name { margin-top: 24mm; font-weight: bold; }
@media screen { body { max-width: 210mm; margin: 0 auto; padding: 20mm 15mm 20mm 30mm; } }
@media screen and (max-width: 600px) { body { padding: 6mm; } header, footer { grid-template-columns: 1fr; } }
`;

/** What a browser may do with such a page: show it, with this style and nothing else. */
export const REPORT_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; sandbox; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`;

/** The report as one page of HTML that needs nothing else; a browser prints it to paper or PDF. */
export function reportHtml(report: ReportLayout): string {
  const { superior, organization, number, placed, subject, recipient, basis, sections, copies } = report;
  const parts = [
    '<!doctype html>',
    '<html lang="vi"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>${escaped(`${PAPER} – ${subject}`)}</title><style>${STYLE}</style></head><body>`,
    '<header><div>',
    superior === '' ? '' : `<p>${escaped(superior)}</p>`,
    organization === '' ? '<p class="dots"></p>' : `<p class="bold ruled">${escaped(organization)}</p>`,
    `<p>${escaped(number)}</p></div>`,
    `<div><p class="bold">${COUNTRY}</p><p class="motto">${MOTTO}</p><p class="placed">${escaped(placed)}</p></div></header>`,
    `<main><h1>${PAPER}</h1><p class="subject">${escaped(subject)}</p>`,
    `<p class="recipient ${recipient === '' ? 'dots' : ''}">Kính gửi: ${escaped(recipient)}</p>`,
    ...basis.map((line) => `<p class="basis">${escaped(line)}</p>`),
    ...sections.flatMap(({ title, rows }) => [`<h2>${escaped(title)}</h2>`, ...rows.map(row)]),
    '</main><footer><div class="copies"><p class="bold">Nơi nhận:</p>',
    copies.length === 0 ? '<p class="dots">-</p>' : copies.map((line) => `<p>- ${escaped(line)}</p>`).join(''),
    '</div><div class="signed">',
    report.signerTitle === '' ? '<p class="dots"></p>' : `<p class="bold">${escaped(report.signerTitle)}</p>`,
    '<p><em>(Ký, ghi rõ họ tên, đóng dấu)</em></p>',
    `<p class="name ${report.signerName === '' ? 'dots' : ''}">${escaped(report.signerName)}</p></div></footer>`,
    '</body></html>\n',
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function row({ label, lines, prose }: ReportRow): string {
  const [first, ...more] = lines;
  if (first === undefined) return `<p class="row dots">${escaped(label)}:</p>`;
  if (more.length === 0) return `<p class="row">${escaped(label)}: ${escaped(first)}</p>`;
  if (prose)
    return `<div class="row">${escaped(label)}:${lines.map((line) => `<p class="prose">${escaped(line)}</p>`).join('')}</div>`;
  return `<div class="row">${escaped(label)}:<ul>${lines.map((line) => `<li>${escaped(line)}</li>`).join('')}</ul></div>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (letter) => ENTITIES[letter] ?? letter);
}
