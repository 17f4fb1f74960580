import type { Severity } from '../../rules/rule.ts';
import type { NoticeTexts } from '../notify/record.ts';
import type { LegalClock, Stage } from './state.ts';
import type { ClockSettings, Names } from './terms.ts';
import { partsOf } from './yearly.ts';

/** Names of the terms of the defaults. */
const NAMES: Readonly<Record<string, Names>> = {
  immediate: { vi: 'Báo cáo ngay', en: 'Immediate notice', km: 'ជូនដំណឹងភ្លាមៗ' },
  initial: { vi: 'Báo cáo ban đầu', en: 'Initial notice', km: 'ជូនដំណឹងដំបូង' },
  detailed: {
    vi: 'Báo cáo nguyên nhân, phạm vi, khắc phục',
    en: 'Report of cause, scope and remedy',
    km: 'របាយការណ៍មូលហេតុ វិសាលភាព និងការដោះស្រាយ',
  },
  'personal-data': {
    vi: 'Thông báo vi phạm dữ liệu cá nhân',
    en: 'Notice about personal data',
    km: 'ជូនដំណឹងអំពីទិន្នន័យផ្ទាល់ខ្លួន',
  },
  closing: { vi: 'Báo cáo kết thúc', en: 'Closing report', km: 'របាយការណ៍បញ្ចប់' },
  yearly: { vi: 'Báo cáo năm', en: 'Yearly report', km: 'របាយការណ៍ប្រចាំឆ្នាំ' },
};

const SEVERITY_WORDS: Readonly<Record<Severity, Names>> = {
  informational: { vi: 'thông tin', en: 'informational', km: 'ព័ត៌មាន' },
  low: { vi: 'thấp', en: 'low', km: 'ទាប' },
  medium: { vi: 'trung bình', en: 'medium', km: 'មធ្យម' },
  high: { vi: 'cao', en: 'high', km: 'ខ្ពស់' },
  critical: { vi: 'nghiêm trọng', en: 'critical', km: 'ធ្ងន់ធ្ងរ' },
};

/** What people call a term. */
export function nameOf({ id, name }: Pick<LegalClock, 'id' | 'name'>): Names {
  return name ?? (Object.hasOwn(NAMES, id) ? NAMES[id] : undefined) ?? { vi: id, en: id, km: id };
}

/** The wording of a warning. It names the incident by its id alone: titles may hold what must not leave by mail. */
export function warningTexts(
  subject: { readonly label: Names; readonly severity?: Severity },
  clock: Pick<LegalClock, 'id' | 'name' | 'due' | 'source'>,
  stage: Stage,
  { warnPercent, timeZone }: Pick<ClockSettings, 'warnPercent' | 'timeZone'>,
): NoticeTexts {
  const { label, severity } = subject;
  const name = nameOf(clock);
  const percent = stage === 'half' ? warnPercent[0] : warnPercent[1];
  const due = wallTime(clock.due, timeZone);
  const level = severity && SEVERITY_WORDS[severity];
  const isOver = stage === 'overdue';
  return {
    vi: {
      title: isOver ? `${label.vi}: đã quá hạn “${name.vi}”` : `${label.vi}: đã qua ${percent}% thời hạn “${name.vi}”`,
      text: `${level ? `Mức độ: ${level.vi}. ` : ''}Hạn cuối: ${due}. Căn cứ: ${clock.source}`,
    },
    en: {
      title: isOver
        ? `${label.en}: the term “${name.en}” is over`
        : `${label.en}: ${percent}% of the term “${name.en}” is over`,
      text: `${level ? `Severity: ${level.en}. ` : ''}Ends: ${due}. By: ${clock.source}`,
    },
    km: {
      title: isOver ? `${label.km}៖ ហួសកំណត់ «${name.km}»` : `${label.km}៖ កន្លងផុត ${percent}% នៃរយៈពេល «${name.km}»`,
      text: `${level ? `កម្រិត៖ ${level.km}។ ` : ''}ផុតកំណត់៖ ${due}។ យោងតាម៖ ${clock.source}`,
    },
  };
}

/** The label of an incident, and of a year's report. */
export function incidentLabel(id: string): Names {
  return { vi: `Sự cố ${id}`, en: `Incident ${id}`, km: `ឧប្បត្តិហេតុ ${id}` };
}

/** The label of a year. */
export function yearLabel(year: number): Names {
  return { vi: `Năm ${year}`, en: `Year ${year}`, km: `ឆ្នាំ ${year}` };
}

/** dd/MM/yyyy HH:mm in a time zone. */
export function wallTime(at: string, timeZone: string): string {
  const { day, month, year, hour, minute } = partsOf(Date.parse(at), timeZone);
  return `${day}/${month}/${year} ${hour}:${minute}`;
}
