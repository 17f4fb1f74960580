import { SYSTEM } from '../identity.ts';
import type { Watch } from '../notify/duty.ts';
import type { Notices, NoticeWanted } from '../notify/notices.ts';
import type { NoticeTexts } from '../notify/record.ts';
import type { RecordStore, Versioned } from '../store/record-store.ts';
import type { AgencyRequestRecord } from './record.ts';

const PAGE = 200;
/** What happened longer ago than this while no server ran is told to nobody any more. */
const FRESH_MS = 86_400_000;

/** Makes notices of requests: to an agency's officers that they are asked and that it is overdue, to the asker that there is an answer. */
export function openRequestWatch(options: {
  readonly records: RecordStore;
  readonly notices: Pick<Notices, 'notify' | 'settings'>;
  readonly now?: () => number;
}): Watch {
  const { records, notices, now = Date.now } = options;
  const view = records.as(SYSTEM);
  let place = 0;
  return {
    async look(check) {
      for (let more = true; more; ) {
        const changed: readonly Versioned<AgencyRequestRecord>[] = await view.changesSince(
          'agency-request',
          place,
          PAGE,
        );
        for (const request of changed) {
          const wanted = noticeOf(request, notices.settings.timeZone);
          const isFresh = Date.parse(request.document.updatedAt) > now() - FRESH_MS;
          if (!wanted || !isFresh || (await view.get('notice', wanted.id))) continue;
          await check();
          await notices.notify(wanted);
        }
        place = changed.at(-1)?.change ?? place;
        more = changed.length === PAGE;
      }
    },
  };
}

/** The notice of the state that a request is in; the same state of the same question gives the same id. */
function noticeOf(
  { id, document }: Versioned<AgencyRequestRecord>,
  timeZone: string,
): (NoticeWanted & { readonly id: string }) | undefined {
  const { state, agency, askedBy, due, messages } = document;
  const shared = { kind: 'request', agency, path: `/requests/${encodeURIComponent(id)}` } as const;
  const nobody = { names: [], onCall: false, roles: [], otherwise: [] } as const;
  const time = new Intl.DateTimeFormat('en-GB', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  const until = time.format(new Date(due));
  const count = messages.length;
  if (state === 'asked')
    return {
      ...shared,
      id: `request:${id}:asked:${count}`,
      level: 'warning',
      audience: { ...nobody, officers: true },
      texts: asked(id, until),
    };
  if (state === 'overdue')
    return {
      ...shared,
      id: `request:${id}:overdue:${count}`,
      level: 'warning',
      audience: { ...nobody, names: [askedBy], officers: true },
      texts: overdue(id, until),
    };
  if (state === 'answered')
    return {
      ...shared,
      id: `request:${id}:answered:${count}`,
      level: 'info',
      audience: { ...nobody, names: [askedBy] },
      texts: answered(id),
    };
  return undefined;
}

/** A notice names the request by its number alone: what it is about stays in the console. */
function asked(id: string, until: string): NoticeTexts {
  return {
    vi: {
      title: `Yêu cầu ${id} gửi đơn vị của bạn`,
      text: `Mở trang Yêu cầu đơn vị để đọc và trả lời trước ${until}.`,
    },
    en: { title: `Request ${id} to your agency`, text: `Open the page Requests, read it and answer before ${until}.` },
    km: { title: `សំណើ ${id} ទៅអង្គភាពរបស់អ្នក`, text: `សូមបើកទំព័រសំណើ អាន និងឆ្លើយមុន ${until}។` },
  };
}

function overdue(id: string, until: string): NoticeTexts {
  return {
    vi: { title: `Yêu cầu ${id} đã quá hạn trả lời`, text: `Hạn trả lời là ${until}; vẫn có thể trả lời.` },
    en: { title: `Request ${id} is overdue`, text: `The answer was due ${until}; it is taken all the same.` },
    km: { title: `សំណើ ${id} ហួសកំណត់ឆ្លើយ`, text: `កាលកំណត់គឺ ${until} ប៉ុន្តែនៅអាចឆ្លើយបាន។` },
  };
}

function answered(id: string): NoticeTexts {
  return {
    vi: { title: `Yêu cầu ${id} đã được trả lời`, text: 'Mở yêu cầu để đọc câu trả lời.' },
    en: { title: `Request ${id} was answered`, text: 'Open the request to read the answer.' },
    km: { title: `សំណើ ${id} ត្រូវបានឆ្លើយ`, text: 'សូមបើកសំណើដើម្បីអានចម្លើយ។' },
  };
}
