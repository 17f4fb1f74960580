import { PROVINCE } from '../alerts/keys.ts';
import type { AlertRecord } from '../alerts/record.ts';
import { SYSTEM } from '../identity.ts';
import type { RecordStore, Versioned } from '../store/record-store.ts';
import type { Notices } from './notices.ts';
import type { Audience } from './people.ts';
import type { NoticeTexts } from './record.ts';

const PAGE = 200;
/** The rule under which the server says that a collector stopped reporting (`fleet/watch.ts`). */
const DEAD_COLLECTOR = '5d0a2e0a-7e0b-4f5b-9d59-6b1f0c8e7a01';
/** Of more alerts than this within ten minutes one notice says that there are more: a flood of alerts is no flood of mail. */
const MOST_OF_A_WINDOW = 20;
const WINDOW_MS = 600_000;

const SHIFT: Audience = { names: [], onCall: true, roles: [], otherwise: ['lead', 'administrator'] };

/** Makes notices of new critical alerts, and of collectors that stopped reporting. */
export interface AlertWatch {
  look(check: () => Promise<void>): Promise<void>;
}

/** Makes the watch; it speaks of what is new from then on, and of nothing that was there before. */
export function openAlertWatch(options: {
  readonly records: RecordStore;
  readonly notices: Pick<Notices, 'notify' | 'settings'>;
  readonly now?: () => number;
}): AlertWatch {
  const { records, notices, now = Date.now } = options;
  const view = records.as(SYSTEM);
  const startedAt = new Date(now()).toISOString();
  let place: number | undefined;
  let window = { number: 0, count: 0 };

  async function tell({ id, document }: Versioned<AlertRecord>, check: () => Promise<void>): Promise<void> {
    const isCollector = document.rule === DEAD_COLLECTOR;
    const isNew = document.status === 'new' && document.part === undefined && document.createdAt >= startedAt;
    if (!isNew || !(isCollector || document.severity === 'critical')) return;
    // Told already: an alert changes with each of its events.
    if (await view.get('notice', `alert:${id}`)) return;
    await check();
    const number = Math.floor(now() / WINDOW_MS);
    if (window.number !== number) window = { number, count: 0 };
    window.count += 1;
    const kind = isCollector ? ('collector' as const) : ('alert' as const);
    if (window.count > MOST_OF_A_WINDOW) {
      const agency = PROVINCE;
      await notices.notify({
        ...{ id: `alerts-more:${number}`, kind, level: 'critical', agency, path: '/alerts', audience: SHIFT },
        texts: MORE,
      });
      return;
    }
    await notices.notify({
      ...{ id: `alert:${id}`, kind, level: isCollector ? 'warning' : 'critical', agency: document.agency },
      path: `/alerts/${encodeURIComponent(id)}`,
      audience: isCollector ? { ...SHIFT, officers: true } : SHIFT,
      texts: textsOf(document, isCollector),
    });
  }

  return {
    async look(check) {
      if (!notices.settings.alerts) return;
      place ??= await records.lastChange();
      for (let more = true; more; ) {
        const changed: readonly Versioned<AlertRecord>[] = await view.changesSince('alert', place, PAGE);
        for (const alert of changed) await tell(alert, check);
        place = changed.at(-1)?.change ?? place;
        more = changed.length === PAGE;
      }
    },
  };
}

/** The rule's title is ours; what an attacker can write stays in the console. */
function textsOf({ ruleTitle, agency }: AlertRecord, isCollector: boolean): NoticeTexts {
  const where = agency === PROVINCE ? { vi: 'nhiều đơn vị', en: 'several agencies', km: 'អង្គភាពច្រើន' } : same(agency);
  if (isCollector)
    return {
      vi: {
        title: `Bộ thu thập ngừng báo cáo (${where.vi})`,
        text: 'Nhật ký của máy này không còn về trung tâm. Kiểm tra máy và mạng.',
      },
      en: {
        title: `A collector stopped reporting (${where.en})`,
        text: 'The logs of its machine no longer reach the center. Look at the machine and the network.',
      },
      km: { title: `ឧបករណ៍ប្រមូលឈប់រាយការណ៍ (${where.km})`, text: 'កំណត់ហេតុរបស់ម៉ាស៊ីននេះលែងមកដល់មជ្ឈមណ្ឌលហើយ។ សូមពិនិត្យម៉ាស៊ីន និងបណ្ដាញ។' },
    };
  return {
    vi: { title: `Cảnh báo nghiêm trọng (${where.vi})`, text: `Luật phát hiện: ${ruleTitle}` },
    en: { title: `Critical alert (${where.en})`, text: `Rule: ${ruleTitle}` },
    km: { title: `ការព្រមានធ្ងន់ធ្ងរ (${where.km})`, text: `វិធាន៖ ${ruleTitle}` },
  };
}

function same(text: string) {
  return { vi: text, en: text, km: text };
}

const MORE: NoticeTexts = {
  vi: {
    title: 'Còn nhiều cảnh báo nghiêm trọng khác',
    text: 'Số cảnh báo mới vượt quá mức báo từng cái. Mở hàng đợi cảnh báo để xem.',
  },
  en: {
    title: 'More critical alerts',
    text: 'There are more new alerts than are told of one by one. Open the queue of alerts.',
  },
  km: { title: 'មានការព្រមានធ្ងន់ធ្ងរថែមទៀត', text: 'ចំនួនការព្រមានថ្មីលើសពីការជូនដំណឹងម្ដងមួយៗ។ សូមបើកបញ្ជីការព្រមាន។' },
};
