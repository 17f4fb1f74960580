/** The reports of one incident, in their order. */
export type ReportKind = 'initial' | 'follow-up' | 'closing';
export const REPORT_KINDS = ['initial', 'follow-up', 'closing'] as const satisfies readonly ReportKind[];

/** What a field is called in the report, and which kinds of report have it. */
interface FormField {
  readonly label: string;
  readonly kinds?: readonly ReportKind[];
}

const LATER = ['follow-up', 'closing'] as const;
const LAST = ['closing'] as const;

/** The parts of the body and their fields, as the form has them; the language of the form is Vietnamese. */
export const SECTIONS = [
  {
    id: 'reporter',
    title: 'Thông tin về tổ chức, cá nhân báo cáo',
    fields: {
      reporterName: { label: 'Tên tổ chức, cá nhân báo cáo' },
      reporterAddress: { label: 'Địa chỉ' },
      reporterPhone: { label: 'Điện thoại' },
      reporterEmail: { label: 'Thư điện tử' },
      initialNumber: { label: 'Số báo cáo ban đầu', kinds: LATER },
      initialDate: { label: 'Ngày báo cáo ban đầu', kinds: LATER },
    },
  },
  {
    id: 'system',
    title: 'Hệ thống thông tin xảy ra sự cố',
    fields: {
      operator: { label: 'Đơn vị vận hành' },
      owner: { label: 'Chủ quản hệ thống thông tin' },
      systems: { label: 'Tên hệ thống thông tin' },
      level: { label: 'Cấp độ an toàn hệ thống thông tin' },
    },
  },
  {
    id: 'incident',
    title: 'Thông tin về sự cố',
    fields: {
      title: { label: 'Tên sự cố' },
      code: { label: 'Mã sự cố' },
      class: { label: 'Phân loại sự cố' },
      severity: { label: 'Mức độ' },
      detectedAt: { label: 'Thời điểm phát hiện' },
      method: { label: 'Phương thức phát hiện' },
      description: { label: 'Mô tả sự cố' },
      timeline: { label: 'Diễn biến' },
      indicators: { label: 'Dấu hiệu nhận biết' },
      techniques: { label: 'Kỹ thuật tấn công (MITRE ATT&CK)' },
    },
  },
  {
    id: 'response',
    title: 'Xử lý sự cố',
    fields: {
      impact: { label: 'Phạm vi, mức độ ảnh hưởng' },
      cause: { label: 'Nguyên nhân', kinds: LATER },
      measures: { label: 'Biện pháp đã thực hiện' },
      remaining: { label: 'Việc đang và sẽ thực hiện' },
      notified: { label: 'Đã thông báo cho' },
      result: { label: 'Kết quả xử lý', kinds: LATER },
      closedAt: { label: 'Thời điểm kết thúc xử lý', kinds: LAST },
      lessons: { label: 'Biện pháp phòng ngừa tái diễn', kinds: LAST },
      proposals: { label: 'Kiến nghị, đề xuất' },
    },
  },
  {
    id: 'attached',
    title: 'Tài liệu gửi kèm',
    fields: { attachments: { label: 'Danh mục tài liệu' } },
  },
] as const satisfies readonly {
  readonly id: string;
  readonly title: string;
  readonly fields: Readonly<Record<string, FormField>>;
}[];

type Keys<T> = T extends unknown ? keyof T : never;
type BodyField = Keys<(typeof SECTIONS)[number]['fields']>;

/** The head and the foot of the form: who writes to whom, by what law, who signs. */
export const HEAD_FIELDS = [
  'superior',
  'organization',
  'number',
  'symbol',
  'place',
  'date',
  'recipient',
  'basis',
] as const;
export const FOOT_FIELDS = ['copies', 'signerTitle', 'signerName'] as const;
export type ReportFieldName = BodyField | (typeof HEAD_FIELDS)[number] | (typeof FOOT_FIELDS)[number];

/** Fields that are the same in every report of a province: they are set up once. */
export const LETTERHEAD = [
  'superior',
  'organization',
  'symbol',
  'place',
  'recipient',
  'basis',
  'reporterName',
  'reporterAddress',
  'reporterPhone',
  'reporterEmail',
  'copies',
  'signerTitle',
  'signerName',
] as const satisfies readonly ReportFieldName[];

/** Fields of one kind of report by part, in the order in which they are written. */
export function partsOf(kind: ReportKind): { readonly id: string; readonly fields: readonly ReportFieldName[] }[] {
  const body = sectionsOf(kind).map(({ id, rows }) => ({ id: id as string, fields: rows.map(({ name }) => name) }));
  return [{ id: 'head', fields: HEAD_FIELDS }, ...body, { id: 'foot', fields: FOOT_FIELDS }];
}

/** The body of one kind of report. */
export function sectionsOf(kind: ReportKind): readonly {
  readonly id: (typeof SECTIONS)[number]['id'];
  readonly title: string;
  readonly rows: readonly { readonly name: ReportFieldName; readonly label: string }[];
}[] {
  return SECTIONS.map(({ id, title, fields }) => ({
    id,
    title,
    rows: Object.entries(fields as Readonly<Record<string, FormField>>).flatMap(([name, { label, kinds }]) =>
      kinds === undefined || kinds.includes(kind) ? [{ name: name as ReportFieldName, label }] : [],
    ),
  }));
}

/** Every field of the form. */
export const FIELD_NAMES: readonly ReportFieldName[] = [
  ...new Set(REPORT_KINDS.flatMap((kind) => partsOf(kind).flatMap(({ fields }) => fields))),
];

/** What a kind of report is about, as its heading says. */
export const KIND_TITLES: Readonly<Record<ReportKind, string>> = {
  initial: 'Ban đầu về sự cố an ninh mạng',
  'follow-up': 'Diễn biến, bổ sung thông tin về sự cố an ninh mạng',
  closing: 'Kết thúc xử lý sự cố an ninh mạng',
};

/**
 * The legal basis until the province sets its own. It is known from secondary sources alone (docs/reports.md): whoever is
 * responsible compares it with the gazette before the first report leaves.
 */
export const DEFAULT_BASIS = [
  'Căn cứ Luật An ninh mạng số 116/2025/QH15;',
  'Căn cứ Nghị định số 331/2026/NĐ-CP ngày 19 tháng 8 năm 2026 của Chính phủ.',
].join('\n');
