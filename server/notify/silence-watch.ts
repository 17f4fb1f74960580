import type { AgencyBook } from '../agencies/names.ts';
import { PROVINCE } from '../alerts/keys.ts';
import { wallTime } from '../clocks/words.ts';
import { HaidangError } from '../errors.ts';
import { listFleet } from '../fleet/list.ts';
import { type AgencyId, SYSTEM } from '../identity.ts';
import { isConflict } from '../incidents/relay.ts';
import type { RecordStore } from '../store/record-store.ts';
import { type SilentAgency, silentAgencies } from './agency-silence.ts';
import type { Watch } from './duty.ts';
import type { Notices, NoticeWanted } from './notices.ts';
import type { Audience } from './people.ts';
import { backTexts, lostTexts, manyBackTexts, manyTexts } from './silence-words.ts';

const LOOK_MS = 30_000;
const STATE = 'agency-silence';
/** Silences told one by one within a window; where there are more at once the network is down rather than they. */
const MOST_OF_A_WINDOW = 5;
const WINDOW_MS = 600_000;
/** An agency that comes and goes is told of once in this time, and again only if it is silent then. */
const QUIET_MS = 6 * 3_600_000;
const TRIES = 10;

const SHIFT: Audience = { names: [], onCall: true, roles: [], otherwise: ['lead', 'administrator'] };

/** A silence that was told. */
interface Told {
  readonly since: string;
  readonly toldAt: string;
  /** When it was heard again; null while it is silent. */
  readonly backAt: string | null;
}
type State = Readonly<Record<string, Told>>;

/** What was told within a window of time: one by one, and of many at once. */
interface Window {
  readonly number: number;
  lost: number;
  isLostFull: boolean;
  back: number;
  isBackFull: boolean;
}

/**
 * Makes notices of agencies from which nothing comes any more, each silence once, and of their return. What was told is kept on
 * record, so that neither a restart nor another server tells it again.
 */
export function openSilenceWatch(options: {
  readonly records: RecordStore;
  readonly agencies: AgencyBook;
  readonly notices: Pick<Notices, 'notify' | 'settings'>;
  readonly now?: () => number;
}): Watch {
  const { records, agencies, notices, now = Date.now } = options;
  const view = records.as(SYSTEM);
  const silentMs = notices.settings.agencySilentMinutes * 60_000;
  let startedAt = now();
  let lookedAt: number | undefined;
  let window = windowOf(-1);

  async function change(make: (state: State) => State): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const found = await view.get('setting', STATE);
      const before = (found?.document.value as State | undefined) ?? {};
      const value = make(before);
      if (JSON.stringify(value) === JSON.stringify(before)) return;
      try {
        if (found) await view.replace('setting', STATE, { value }, found.version);
        else await view.create('setting', STATE, { value });
        return;
      } catch (error) {
        const raced = isConflict(error) || (error instanceof HaidangError && error.code === 'HD_RECORD_EXISTS');
        if (!raced || attempt === TRIES) throw error;
      }
    }
  }

  function thisWindow(): Window {
    const number = Math.floor(now() / WINDOW_MS);
    if (window.number !== number) window = windowOf(number);
    return window;
  }

  /** Says who is heard again: one by one, and of many in one notice. */
  async function tellBack(
    back: readonly { readonly agency: AgencyId; readonly since: string }[],
    nameOf: (agency: AgencyId) => string,
    check: () => Promise<void>,
  ): Promise<void> {
    if (back.length === 0) return;
    const { number } = thisWindow();
    const shared = { kind: 'collector', level: 'info', path: '/fleet' } as const;
    if (window.back + back.length <= MOST_OF_A_WINDOW) {
      window.back += back.length;
      for (const { agency, since } of back) {
        await check();
        const wanted = { agency, audience: { ...SHIFT, officers: true }, texts: backTexts(nameOf(agency)) };
        await notices.notify({ ...shared, ...wanted, id: `agency-heard:${agency}:${since}` });
      }
      return;
    }
    if (window.isBackFull) return;
    window.isBackFull = true;
    await check();
    const names = back.map(({ agency }) => nameOf(agency)).sort(byName);
    const wanted = { agency: PROVINCE, audience: SHIFT, texts: manyBackTexts(names) };
    await notices.notify({ ...shared, ...wanted, id: `agencies-heard:${number}` });
  }

  /** Makes the notices of new silences; gives those that were told. What finds no room waits for the next window. */
  async function tell(
    fresh: readonly SilentAgency[],
    nameOf: (agency: AgencyId) => string,
    check: () => Promise<void>,
  ): Promise<readonly SilentAgency[]> {
    if (fresh.length === 0) return [];
    const { number } = thisWindow();
    const { timeZone } = notices.settings;
    const shared = { kind: 'collector', path: '/fleet' } as const;
    if (window.lost + fresh.length <= MOST_OF_A_WINDOW) {
      window.lost += fresh.length;
      for (const { agency, reason, since } of fresh) {
        await check();
        const texts = lostTexts(nameOf(agency), reason, wallTime(since, timeZone));
        const audience = { ...SHIFT, officers: true };
        const wanted: NoticeWanted = { ...shared, level: 'warning', agency, audience, texts };
        await notices.notify({ ...wanted, id: `agency-silent:${agency}:${since}` });
      }
      return fresh;
    }
    if (window.isLostFull) return [];
    window.isLostFull = true;
    await check();
    const names = fresh.map(({ agency }) => nameOf(agency)).sort(byName);
    const wanted: NoticeWanted = {
      ...{ ...shared, level: 'critical', agency: PROVINCE, audience: SHIFT, texts: manyTexts(names) },
    };
    await notices.notify({ ...wanted, id: `agencies-silent:${number}` });
    return fresh;
  }

  return {
    begin() {
      startedAt = now();
      lookedAt = undefined;
    },
    async look(check) {
      const { settings } = notices;
      if (!settings.alerts || silentMs === 0) return;
      if (lookedAt !== undefined && Math.abs(now() - lookedAt) < LOOK_MS) return;
      lookedAt = now();
      // After a start nobody has had the time to report: what stands there is from before.
      if (now() - startedAt < silentMs) return;
      const [fleet, book] = await Promise.all([listFleet(SYSTEM, { records, agencies, now: now() }), agencies.all()]);
      const nameOf = (agency: AgencyId) => (book.get(agency)?.name ?? agency).slice(0, 200);
      const silent = silentAgencies(fleet, now(), silentMs).filter(({ agency }) => book.has(agency));
      const state = ((await view.get('setting', STATE))?.document.value as State | undefined) ?? {};
      const isNew = ({ agency }: SilentAgency): boolean => {
        const before = state[agency];
        if (!before) return true;
        return before.backAt !== null && now() - Date.parse(before.toldAt) >= QUIET_MS;
      };
      const told = await tell(silent.filter(isNew), nameOf, check);
      const silentNow = new Set<string>(silent.map(({ agency }) => agency));
      const ended = Object.entries(state).flatMap(([agency, { since, backAt }]) =>
        backAt === null && !silentNow.has(agency) ? [{ agency: agency as AgencyId, since }] : [],
      );
      if (told.length === 0 && ended.length === 0 && !hasOld(state, now())) return;
      // An agency that was taken off the books is not heard again.
      await tellBack(
        ended.filter(({ agency }) => book.has(agency)),
        nameOf,
        check,
      );
      const at = new Date(now()).toISOString();
      await check();
      await change((before) => {
        const next: Record<string, Told> = {};
        for (const [agency, one] of Object.entries(before)) {
          const isBack = ended.some((over) => over.agency === agency);
          const kept = isBack && one.backAt === null ? { ...one, backAt: at } : one;
          if (!isOld(kept, now())) next[agency] = kept;
        }
        for (const { agency, since } of told) next[agency] = { since, toldAt: at, backAt: null };
        return next;
      });
    },
  };
}

function windowOf(number: number): Window {
  return { number, lost: 0, isLostFull: false, back: 0, isBackFull: false };
}

function byName(a: string, b: string): number {
  return a.localeCompare(b, 'vi');
}

/** What ended and was told so long ago that it keeps nobody quiet any more. */
function isOld({ toldAt, backAt }: Told, now: number): boolean {
  return backAt !== null && now - Date.parse(toldAt) >= QUIET_MS;
}

function hasOld(state: State, now: number): boolean {
  return Object.values(state).some((told) => isOld(told, now));
}
