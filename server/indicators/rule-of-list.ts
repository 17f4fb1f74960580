import type { IndicatorType } from '../../rules/indicators/indicator.ts';
import type { DetectionRule, Rule, Sample, Severity } from '../../rules/rule.ts';
import type { IndicatorListRecord } from './record.ts';

/** How the log source of rules that stand for a list begins; events never come from it. */
const PRODUCT = 'haidang.indicators';
/** What an alert says of an indicator that was met (ECS *Threat Fields*); set here, whatever events hold there. */
export const MATCHED = {
  value: 'threat.enrichments.matched.atomic',
  field: 'threat.enrichments.matched.field',
  type: 'threat.enrichments.matched.type',
} as const;

/** How ids of rules that stand for lists begin. */
const PREFIX = 'indicators:';

/** Id of the rule that stands for a list. */
export function ruleIdOf(list: string): string {
  return `${PREFIX}${list}`;
}

/** Whether a rule stands for a list, or counts what an exception of such a rule hides: indicators decide, not its condition. */
export function isIndicatorRule(rule: Rule): boolean {
  return rule.kind === 'detection' && rule.logsource.product === PRODUCT;
}

/** The list that such a rule stands for. */
export function listOf({ logsource }: DetectionRule): string {
  return logsource.category ?? '';
}

/** A list as a rule, so that its matches go the way of all matches. `known`: a value of the list that still counts, for the self-test. */
export function ruleOfList(
  id: string,
  list: IndicatorListRecord,
  known: { readonly type: IndicatorType; readonly value: string } | undefined,
): DetectionRule {
  // Names come from people: braces would be read as fields of the sentence.
  const name = list.name.replaceAll(/[{}]/g, '');
  const { value, field } = MATCHED;
  return {
    kind: 'detection',
    id: ruleIdOf(id),
    title: `Indicator of "${name}"`,
    description: `An event holds an indicator of the list "${name}" (${list.source}, TLP:${list.tlp.toUpperCase()}).`,
    status: 'stable',
    level: list.severity as Severity,
    tags: [`tlp.${list.tlp}`],
    falsepositives: ['Lists age: an address or a domain may have changed hands'],
    references: [],
    author: list.by,
    file: `indicators/${id}`,
    line: 1,
    yaml: textOf(id, list),
    logsource: { product: PRODUCT, category: id },
    condition: { kind: 'always' },
    extension: {
      groupBy: [value],
      gapSeconds: 86_400,
      titles: { vi: `Dấu hiệu trong danh sách “${name}”`, km: `សូចនាករក្នុងបញ្ជី “${name}”` },
      sentences: {
        en: `{${value}}, which the list "${name}" names, was met in {${field}}: {count event|events}`,
        vi: `{${value}}, có trong danh sách “${name}”, xuất hiện ở trường {${field}}: {count} sự kiện`,
        km: `{${value}} ដែលមានក្នុងបញ្ជី “${name}” ត្រូវបានឃើញក្នុងវាល {${field}}៖ {count} ព្រឹត្តិការណ៍`,
      },
      guidance: GUIDANCE,
      samples: { match: known ? [sampleOf(known)] : [], noMatch: [] },
    },
  };
}

/** What the page of the rule shows in place of a file; another content is another text, and so another version. */
function textOf(id: string, list: IndicatorListRecord): string {
  const { name, source, tlp, severity, count, at, by, expires, content } = list;
  const lines = { id, name, source, tlp, severity, indicators: count, expires, at, by, content };
  return Object.entries(lines)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
    .join('\n');
}

function sampleOf({ type, value }: { readonly type: IndicatorType; readonly value: string }): Sample {
  const [address = ''] = value.split('/');
  const events: Readonly<Record<IndicatorType, Readonly<Record<string, unknown>>>> = {
    network: { 'destination.ip': address },
    domain: { 'dns.question.name': value },
    url: { 'url.full': `http://${value}` },
    hash: { 'related.hash': value },
    email: { 'email.from.address': value },
  };
  return { events: [{ event: events[type], repeat: 1, every: 0 }] };
}

const GUIDANCE = {
  en: {
    meaning:
      'Something in this event is on a list of things known to be used in attacks. It may be an attack, or an old entry of the list.',
    check: [
      'Which machine and which user is it, and what did they do at that time?',
      'Did the connection, mail or file go through, or was it blocked?',
      'How old is the entry, and how sure is its source?',
    ],
    act: 'If it went through, take the machine off the network and keep its logs.',
    escalate: 'If data was sent, a file was run, or more than one machine met it.',
    reviewed: false,
  },
  vi: {
    meaning:
      'Trong sự kiện này có một dấu hiệu nằm trong danh sách những thứ đã dùng để tấn công. Đây có thể là tấn công thật, hoặc chỉ là mục đã cũ của danh sách.',
    check: [
      'Máy nào, người dùng nào, và lúc đó họ đang làm gì?',
      'Kết nối, thư hoặc tệp đó đã đi qua, hay đã bị chặn?',
      'Mục này cũ hay mới, và nguồn của nó đáng tin đến đâu?',
    ],
    act: 'Nếu đã đi qua, hãy ngắt máy khỏi mạng và giữ lại nhật ký của máy.',
    escalate: 'Nếu dữ liệu đã bị gửi đi, tệp đã được chạy, hoặc có hơn một máy gặp dấu hiệu này.',
    reviewed: false,
  },
  km: {
    meaning:
      'ក្នុងព្រឹត្តិការណ៍នេះមានអ្វីមួយដែលស្ថិតក្នុងបញ្ជីនៃអ្វីដែលធ្លាប់ប្រើក្នុងការវាយប្រហារ។ វាអាចជាការវាយប្រហារពិត ឬគ្រាន់តែជាធាតុចាស់ក្នុងបញ្ជី។',
    check: [
      'តើជាម៉ាស៊ីនណា អ្នកប្រើណា ហើយពេលនោះគេកំពុងធ្វើអ្វី?',
      'តើការតភ្ជាប់ សំបុត្រ ឬឯកសារនោះបានឆ្លងកាត់ ឬត្រូវបានទប់ស្កាត់?',
      'តើធាតុនេះចាស់ប៉ុណ្ណា ហើយប្រភពរបស់វាអាចជឿបានប៉ុណ្ណា?',
    ],
    act: 'បើវាបានឆ្លងកាត់ សូមផ្តាច់ម៉ាស៊ីនពីបណ្តាញ ហើយរក្សាទុកកំណត់ហេតុរបស់វា។',
    escalate: 'បើទិន្នន័យត្រូវបានបញ្ជូនចេញ ឯកសារត្រូវបានដំណើរការ ឬមានម៉ាស៊ីនលើសពីមួយបានជួបវា។',
    reviewed: false,
  },
} as const;
