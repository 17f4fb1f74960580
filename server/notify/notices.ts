import type { Audit } from '../accounts/audit.ts';
import type { AgencyBook } from '../agencies/names.ts';
import { PROVINCE } from '../alerts/keys.ts';
import { HaidangError } from '../errors.ts';
import { type AgencyId, type Identity, SYSTEM } from '../identity.ts';
import { newItemId } from '../incidents/ids.ts';
import { isConflict } from '../incidents/relay.ts';
import type { RecordPage, RecordStore, Versioned } from '../store/record-store.ts';
import { type Audience, openPeople, type People } from './people.ts';
import {
  type Delivery,
  NOTICE_LEVELS,
  type NoticeAddressRecord,
  type NoticeKind,
  type NoticeLevel,
  type NoticeRecord,
  type NoticeTexts,
  settleNotice,
} from './record.ts';
import type { NotifySettings } from './settings.ts';

const TRIES = 20;
const PAGE = 200;
/** Notices that are looked through for those of one person. */
const MOST_LOOKED_AT = 1_000;

/** A notice to be made. */
export interface NoticeWanted {
  /** The same for the same thing: it is made once, whoever asks for it how often. One of its own where nothing is said. */
  readonly id?: string;
  readonly kind: NoticeKind;
  readonly level: NoticeLevel;
  /** Whose it is: nobody hears of it who may not see this agency; `*` is the province's. */
  readonly agency: AgencyId;
  /** Where in the console to go, such as `/incidents/HD-7K3Q-9XMB`. */
  readonly path: string | null;
  readonly audience: Audience;
  readonly texts: NoticeTexts;
}

export type StoredNotice = Versioned<NoticeRecord>;

/** How a person hears of notices who said nothing about it. */
export const NO_ADDRESS: NoticeAddressRecord = { email: null, language: 'vi', mailFrom: 'warning' };

/** Notices to people: made once, seen in the console, sent by mail and to web hooks. */
export interface Notices {
  readonly settings: NotifySettings;
  readonly people: People;
  /** Makes a notice; false where it is there already. */
  notify(wanted: NoticeWanted): Promise<boolean>;
  /** The latest notices for a person, the newest first. */
  mine(identity: Identity, limit: number): Promise<readonly StoredNotice[]>;
  /** Marks notices as read by a person: those of these ids, or all of theirs. */
  read(identity: Identity, ids: readonly string[] | 'all'): Promise<void>;
  /** What became of notices, the newest first. */
  deliveries(
    identity: Identity,
    page: { readonly show: 'all' | 'waiting' | 'dead'; readonly limit: number; readonly after?: string | undefined },
  ): Promise<RecordPage<NoticeRecord> & { readonly waiting: number; readonly dead: number }>;
  /** Sends again what was given up. @throws HaidangError `HD_NOT_FOUND` */
  resend(identity: Identity, id: string): Promise<StoredNotice>;
  /** A notice to a person that shows whether they are reached. */
  test(actor: string, user: string): Promise<StoredNotice>;
  address(user: string): Promise<NoticeAddressRecord>;
  /** @throws HaidangError `HD_NOT_FOUND` where there is no such user. */
  setAddress(actor: string, user: string, address: NoticeAddressRecord): Promise<void>;
  /** All that was set, by user. */
  addresses(): Promise<ReadonlyMap<string, NoticeAddressRecord>>;
}

/** Opens the notices of a record store; what is to be sent is sent by the outbox. */
export function openNotices(options: {
  readonly records: RecordStore;
  readonly agencies: Pick<AgencyBook, 'all'>;
  readonly settings: NotifySettings;
  readonly audit: Audit;
  /** Hears that there is a new notice. */
  readonly woken?: () => void;
  readonly now?: () => number;
}): Notices {
  const { records, agencies, settings, audit, woken, now = Date.now } = options;
  const view = records.as(SYSTEM);
  const people = openPeople({ records, agencies, settings, now });

  async function address(user: string): Promise<NoticeAddressRecord> {
    return (await view.get('notice-address', user))?.document ?? NO_ADDRESS;
  }

  async function deliveriesFor(wanted: NoticeWanted, names: readonly string[], at: string): Promise<Delivery[]> {
    const rank = (level: NoticeLevel) => NOTICE_LEVELS.indexOf(level);
    const begun = {
      state: 'waiting',
      attempts: 0,
      since: at,
      dueAt: at,
      problem: null,
      deliveredAt: null,
      answer: null,
    } as const;
    const mails = await Promise.all(
      (settings.smtp ? names : []).map(async (to): Promise<Delivery[]> => {
        const { email, language, mailFrom } = await address(to);
        const isWanted = wanted.kind === 'test' || rank(wanted.level) >= rank(mailFrom);
        return email !== null && isWanted ? [{ ...begun, channel: 'email', to, address: email, language }] : [];
      }),
    );
    const hooks = settings.webhooks
      .filter(({ kinds }) => kinds.length === 0 || kinds.includes(wanted.kind))
      .map(
        ({ id, url }): Delivery => ({
          ...begun,
          channel: 'webhook',
          to: id,
          address: new URL(url).host,
          language: 'vi',
        }),
      );
    return [...mails.flat(), ...hooks];
  }

  async function make(wanted: NoticeWanted, names: readonly string[]): Promise<StoredNotice | undefined> {
    const { id = `n-${newItemId()}`, kind, level, agency, path, texts } = wanted;
    if (await view.get('notice', id)) return undefined;
    const at = new Date(now()).toISOString();
    const deliveries = await deliveriesFor(wanted, names, at);
    const empty = { read: {}, due: 0, dueAt: null, dead: 0 } as const;
    const record = settleNotice({ ...empty, agency, kind, level, at, path, texts, people: names, deliveries });
    try {
      const made = await view.create('notice', id, record);
      woken?.();
      return made;
    } catch (error) {
      if (error instanceof HaidangError && error.code === 'HD_RECORD_EXISTS') return undefined;
      throw error;
    }
  }

  async function change(found: StoredNotice, next: (record: NoticeRecord) => NoticeRecord): Promise<StoredNotice> {
    let newest = found;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await view.replace('notice', newest.id, next(newest.document), newest.version);
      } catch (error) {
        if (!isConflict(error) || attempt === TRIES) throw error;
        newest = (await view.get('notice', found.id)) ?? newest;
      }
    }
  }

  async function mine(identity: Identity, limit: number): Promise<readonly StoredNotice[]> {
    const own = records.as(identity);
    const found: StoredNotice[] = [];
    let after: string | undefined;
    for (let looked = 0; looked < MOST_LOOKED_AT && found.length < limit; looked += PAGE) {
      const orderBy = { field: 'at', descending: true };
      const page = await own.find('notice', { orderBy, limit: PAGE, ...(after === undefined ? {} : { after }) });
      found.push(...page.records.filter(({ document }) => document.people.includes(identity.name)));
      if (page.next === null) break;
      after = page.next;
    }
    return found.slice(0, limit);
  }

  return {
    settings,
    people,
    address,
    mine,
    async notify(wanted) {
      // What is there already costs one look, not a choice of people.
      if (wanted.id !== undefined && (await view.get('notice', wanted.id))) return false;
      return (await make(wanted, await people.choose(wanted.audience, wanted.agency))) !== undefined;
    },
    async read(identity, ids) {
      const at = new Date(now()).toISOString();
      const found = await mine(identity, MOST_LOOKED_AT);
      for (const notice of found) {
        const isMeant = ids === 'all' || ids.includes(notice.id);
        const isRead = (record: NoticeRecord) => Object.hasOwn(record.read, identity.name);
        if (!isMeant || isRead(notice.document)) continue;
        await change(notice, (record) =>
          isRead(record) ? record : { ...record, read: { ...record.read, [identity.name]: at } },
        );
      }
    },
    async deliveries(identity, { show, limit, after }) {
      const own = records.as(identity);
      const counted = (field: 'due' | 'dead') => own.count('notice', { where: { [field]: [1] } });
      const [page, waiting, dead] = await Promise.all([
        own.find('notice', {
          ...(show === 'all' ? {} : { where: { [show === 'waiting' ? 'due' : 'dead']: [1] } }),
          orderBy: { field: 'at', descending: true },
          limit,
          ...(after === undefined ? {} : { after }),
        }),
        counted('due'),
        counted('dead'),
      ]);
      return { ...page, waiting, dead };
    },
    async resend(identity, id) {
      const found = await records.as(identity).get('notice', id);
      if (!found) throw new HaidangError('HD_NOT_FOUND', `There is no notice "${id.slice(0, 200)}" that you may see.`);
      const at = new Date(now()).toISOString();
      const again = (one: Delivery): Delivery =>
        one.state === 'dead' ? { ...one, state: 'waiting', attempts: 0, since: at, dueAt: at } : one;
      const changed = await change(found, (record) =>
        settleNotice({ ...record, deliveries: record.deliveries.map(again) }),
      );
      await audit.record({ actor: identity.name, act: 'notice.resend', target: id });
      return changed;
    },
    async test(actor, user) {
      const known = (await view.get('user', user))?.document;
      if (!known) throw new HaidangError('HD_NOT_FOUND', `There is no user "${user.slice(0, 64)}".`);
      const agency = known.agencies === 'all' ? PROVINCE : (known.agencies[0] ?? PROVINCE);
      const audience: Audience = { names: [user], onCall: false, roles: [], otherwise: [] };
      const wanted: NoticeWanted = { kind: 'test', level: 'info', agency, path: '/notices', audience, texts: TEST };
      const made = await make(wanted, [user]);
      if (!made) throw new Error('a notice with an id of its own was there already');
      await audit.record({ actor, act: 'notice.test', target: user });
      return made;
    },
    async setAddress(actor, user, wanted) {
      if (!(await view.get('user', user)))
        throw new HaidangError('HD_NOT_FOUND', `There is no user "${user.slice(0, 64)}".`);
      for (let attempt = 1; ; attempt += 1) {
        const found = await view.get('notice-address', user);
        try {
          if (found) await view.replace('notice-address', user, wanted, found.version);
          else await view.create('notice-address', user, wanted);
          break;
        } catch (error) {
          const raced = isConflict(error) || (error instanceof HaidangError && error.code === 'HD_RECORD_EXISTS');
          if (!raced || attempt === TRIES) throw error;
        }
      }
      // That it was changed is worth keeping, and not to what: the audit log is read by many.
      const detail = {
        email: wanted.email === null ? 'none' : 'set',
        language: wanted.language,
        mailFrom: wanted.mailFrom,
      };
      await audit.record({ actor, act: 'notice.address', target: user, detail });
    },
    async addresses() {
      const found = new Map<string, NoticeAddressRecord>();
      let after: string | undefined;
      do {
        const page = await view.find('notice-address', { limit: 500, ...(after === undefined ? {} : { after }) });
        for (const { id, document } of page.records) found.set(id, document);
        after = page.next ?? undefined;
      } while (after !== undefined && found.size < 10_000);
      return found;
    },
  };
}

const TEST: NoticeTexts = {
  vi: {
    title: 'Thông báo thử',
    text: 'Nếu bạn đọc được dòng này, thông báo của trung tâm đã đến đúng nơi. Không cần làm gì thêm.',
  },
  en: {
    title: 'Test notice',
    text: 'If you can read this, notices of the center reach you here. There is nothing to do.',
  },
  km: {
    title: 'សារសាកល្បង',
    text: 'បើអ្នកអានបន្ទាត់នេះបាន សារជូនដំណឹងរបស់មជ្ឈមណ្ឌលមកដល់អ្នកហើយ។ មិនចាំបាច់ធ្វើអ្វីទេ។',
  },
};
