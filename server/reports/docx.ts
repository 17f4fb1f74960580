import {
  AlignmentType,
  BorderStyle,
  Document,
  Header,
  LeaderType,
  Packer,
  PageNumber,
  Paragraph,
  Table,
  TableCell,
  TableRow,
  TabStopType,
  TextRun,
  VerticalAlign,
  WidthType,
} from 'docx';
import { COUNTRY, MOTTO, PAPER, type ReportLayout, type ReportRow } from './layout.ts';

/** Twentieths of a point: A4 with margins of 20, 15, 20 and 30 mm. */
const PAGE = { width: 11_906, height: 16_838 };
const MARGIN = { top: 1_134, right: 850, bottom: 1_134, left: 1_701 };
const TEXT_WIDTH = PAGE.width - MARGIN.left - MARGIN.right;
const LEFT_WIDTH = Math.round(TEXT_WIDTH * 0.4);
/** Half points. */
const SIZE = 26;
const FONT = 'Times New Roman';

/** The report as a DOCX file (Office Open XML, ECMA-376), set as the printed page is. */
export async function reportDocx(report: ReportLayout): Promise<Buffer> {
  const document = new Document({
    title: `${PAPER} – ${report.subject}`,
    creator: report.organization,
    styles: {
      default: { document: { run: { font: FONT, size: SIZE }, paragraph: { spacing: { after: 60, line: 300 } } } },
    },
    sections: [
      {
        properties: { titlePage: true, page: { size: PAGE, margin: MARGIN } },
        headers: {
          default: new Header({
            children: [
              new Paragraph({
                alignment: AlignmentType.CENTER,
                children: [new TextRun({ children: [PageNumber.CURRENT] })],
              }),
            ],
          }),
          first: new Header({ children: [new Paragraph('')] }),
        },
        children: [
          twoColumns(headLeft(report), headRight(report)),
          centered(PAPER, { bold: true, size: 28, before: 300 }),
          centered(report.subject, { bold: true, after: 200 }),
          report.recipient === '' ? dotted('Kính gửi: ') : centered(`Kính gửi: ${report.recipient}`, { after: 160 }),
          ...report.basis.map(
            (line) =>
              new Paragraph({ indent: { firstLine: 567 }, children: [new TextRun({ text: line, italics: true })] }),
          ),
          ...report.sections.flatMap(({ title, rows }) => [
            new Paragraph({
              keepNext: true,
              spacing: { before: 160, after: 60 },
              children: [new TextRun({ text: title, bold: true })],
            }),
            ...rows.flatMap(rowOf),
          ]),
          new Paragraph({ spacing: { before: 200 }, children: [] }),
          twoColumns(footLeft(report), footRight(report)),
        ],
      },
    ],
  });
  return Packer.toBuffer(document);
}

function rowOf({ label, lines, prose }: ReportRow): Paragraph[] {
  const [first, ...more] = lines;
  if (first === undefined) return [dotted(`${label}: `)];
  if (more.length === 0) return [new Paragraph({ children: [new TextRun(`${label}: ${first}`)] })];
  const indent = prose ? { firstLine: 454 } : { left: 567, hanging: 200 };
  return [
    new Paragraph({ keepNext: true, children: [new TextRun(`${label}:`)] }),
    ...lines.map((line) => new Paragraph({ indent, children: [new TextRun(prose ? line : `- ${line}`)] })),
  ];
}

/** A label with a dotted line up to the margin, to be filled in by hand. */
function dotted(text: string): Paragraph {
  const stop = { type: TabStopType.RIGHT, position: TEXT_WIDTH, leader: LeaderType.DOT };
  return new Paragraph({ tabStops: [stop], children: [new TextRun(text), new TextRun({ children: ['\t'] })] });
}

interface Look {
  readonly bold?: boolean;
  readonly italics?: boolean;
  readonly size?: number;
  readonly before?: number;
  readonly after?: number;
}

function centered(
  text: string,
  { bold = false, italics = false, size = SIZE, before = 0, after = 0 }: Look = {},
): Paragraph {
  return new Paragraph({
    alignment: AlignmentType.CENTER,
    spacing: { before, after },
    children: [new TextRun({ text, bold, italics, size })],
  });
}

function headLeft({ superior, organization, number }: ReportLayout): Paragraph[] {
  return [
    ...(superior === '' ? [] : [centered(superior, { size: 24 })]),
    centered(organization === '' ? '……………………' : organization, { bold: true, size: 24 }),
    centered(number),
  ];
}

function headRight({ placed }: ReportLayout): Paragraph[] {
  return [
    centered(COUNTRY, { bold: true, size: 24 }),
    centered(MOTTO, { bold: true }),
    centered(placed, { italics: true, before: 80 }),
  ];
}

function footLeft({ copies }: ReportLayout): Paragraph[] {
  const lines = copies.length === 0 ? ['……………………'] : copies;
  return [
    new Paragraph({ children: [new TextRun({ text: 'Nơi nhận:', bold: true, italics: true, size: 24 })] }),
    ...lines.map((line) => new Paragraph({ children: [new TextRun({ text: `- ${line}`, size: 22 })] })),
  ];
}

function footRight({ signerTitle, signerName }: ReportLayout): Paragraph[] {
  return [
    centered(signerTitle === '' ? '……………………' : signerTitle, { bold: true }),
    centered('(Ký, ghi rõ họ tên, đóng dấu)', { italics: true, after: 1_300 }),
    centered(signerName === '' ? '……………………' : signerName, { bold: true }),
  ];
}

function twoColumns(left: Paragraph[], right: Paragraph[]): Table {
  const none = { style: BorderStyle.NONE, size: 0, color: 'auto' };
  const borders = { top: none, bottom: none, left: none, right: none };
  const cell = (children: Paragraph[], size: number) =>
    new TableCell({ children, borders, verticalAlign: VerticalAlign.TOP, width: { size, type: WidthType.DXA } });
  return new Table({
    width: { size: TEXT_WIDTH, type: WidthType.DXA },
    columnWidths: [LEFT_WIDTH, TEXT_WIDTH - LEFT_WIDTH],
    borders: { ...borders, insideHorizontal: none, insideVertical: none },
    rows: [new TableRow({ cantSplit: true, children: [cell(left, LEFT_WIDTH), cell(right, TEXT_WIDTH - LEFT_WIDTH)] })],
  });
}
