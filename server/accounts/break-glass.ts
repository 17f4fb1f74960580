import { alertId, groupKey, PROVINCE } from '../alerts/keys.ts';
import { HaidangError } from '../errors.ts';
import { type Identity, SYSTEM } from '../identity.ts';
import { newAlert } from '../store/alert-record.ts';
import type { UserRecord } from '../store/record-kinds.ts';
import type { RecordStore } from '../store/record-store.ts';
import type { Audit } from './audit.ts';
import type { Emergencies, Emergency, NewEmergency } from './schema.ts';
import type { Sessions } from './sessions.ts';

/** `rules/packs/haidang/privilege_escalation_break_glass.yml` */
const RULE = { id: '5d0a2e0a-7e0b-4f5b-9d59-6b1f0c8e7a11', title: 'Emergency access was opened' };
const TRIES = 5;

/** Emergency access: somebody is an administrator of all agencies for a while, with a reason, and everybody is told. */
export interface BreakGlass {
  /** @throws HaidangError `HD_NOT_FOUND`, `HD_FORBIDDEN`, `HD_RECORD_EXISTS` where it is open already */
  open(user: string, wanted: NewEmergency, actor: Identity): Promise<Emergency>;
  /** Ends it before its time. @throws HaidangError `HD_NOT_FOUND` */
  close(user: string, actor: Identity): Promise<void>;
  /** What is open now. */
  list(): Promise<Emergencies>;
  /** Puts an end on record to those whose time is over; their rights ended by themselves at that moment. */
  sweep(): Promise<void>;
  /** Calls back after an alert was raised. */
  onAlert(listener: () => void): void;
}

/** Emergency access, kept with the account that has it. */
export function openBreakGlass(options: {
  readonly records: RecordStore;
  readonly audit: Audit;
  readonly sessions: Sessions;
  /** Milliseconds. */
  readonly now: () => number;
}): BreakGlass {
  const { records, audit, sessions, now } = options;
  const view = records.as(SYSTEM);
  const listeners: (() => void)[] = [];

  async function* elevated(): AsyncGenerator<UserRecord & Required<Pick<UserRecord, 'emergency'>>> {
    let after: string | undefined;
    do {
      const page = await view.find('user', { limit: 500, ...(after === undefined ? {} : { after }) });
      for (const { document } of page.records) {
        const { emergency } = document;
        if (emergency) yield { ...document, emergency };
      }
      after = page.next ?? undefined;
    } while (after !== undefined);
  }

  async function change(name: string, decide: (user: UserRecord) => UserRecord): Promise<UserRecord> {
    for (let tries = 1; ; tries++) {
      const found = await view.get('user', name);
      if (!found || found.document.disabled)
        throw new HaidangError('HD_NOT_FOUND', `There is no active user "${name}".`);
      const next = decide(found.document);
      try {
        await view.replace('user', name, next, found.version);
        return next;
      } catch (error) {
        if (!(error instanceof HaidangError && error.code === 'HD_RECORD_CONFLICT') || tries === TRIES) throw error;
      }
    }
  }

  async function raise(user: string, { startedAt, by }: Omit<Emergency, 'user' | 'displayName'>): Promise<void> {
    const group = { 'user.name': user };
    const key = groupKey(RULE.id, PROVINCE, group);
    const values = (value: string) => ({ values: [value], total: 1 });
    const alert = newAlert({
      agency: PROVINCE,
      agencies: [],
      rule: RULE.id,
      ruleTitle: RULE.title,
      severity: 'critical',
      severityRank: 5,
      group,
      groupKey: key,
      count: 1,
      first: startedAt,
      last: startedAt,
      createdAt: startedAt,
      updatedAt: startedAt,
      entities: { 'user.name': values(user), 'user.effective.name': values(by) },
      events: [],
      tags: ['attack.t1078'],
    });
    await view.create('alert', alertId(key, Math.floor(Date.parse(startedAt) / 1000)), alert).catch(ignoreExisting);
    for (const listener of listeners) listener();
  }

  return {
    async open(user, { reason, minutes }, actor) {
      if (actor.agencies !== 'all')
        throw new HaidangError('HD_FORBIDDEN', 'Emergency access is for all agencies; so must be who opens it.');
      const from = now();
      const emergency = {
        reason,
        startedAt: new Date(from).toISOString(),
        until: new Date(from + minutes * 60_000).toISOString(),
        by: actor.name,
      };
      // On record before it holds: where nothing can be recorded, nothing is opened.
      const detail = { reason, minutes, until: emergency.until };
      await audit.record({ actor: actor.name, act: 'break-glass.open', target: user, detail });
      const changed = await change(user, (account) => {
        if (account.emergency && from < Date.parse(account.emergency.until))
          throw new HaidangError(
            'HD_RECORD_EXISTS',
            `Emergency access of "${user}" is open until ${account.emergency.until}.`,
          );
        return { ...account, emergency };
      });
      await raise(user, emergency);
      await sessions.rightsChanged(user);
      return { user, displayName: changed.displayName, ...emergency };
    },
    async close(user, actor) {
      await change(user, ({ emergency, ...account }) => {
        if (!emergency) throw new HaidangError('HD_NOT_FOUND', `"${user}" has no emergency access.`);
        return account;
      });
      await sessions.rightsChanged(user);
      await audit.record({ actor: actor.name, act: 'break-glass.close', target: user });
    },
    async list() {
      const emergencies: Emergency[] = [];
      for await (const { name, displayName, emergency } of elevated())
        if (now() < Date.parse(emergency.until)) emergencies.push({ user: name, displayName, ...emergency });
      return { emergencies };
    },
    async sweep() {
      for await (const { name, emergency } of elevated()) {
        if (now() < Date.parse(emergency.until)) continue;
        await change(name, ({ emergency: current, ...account }) =>
          current === undefined || current.until === emergency.until ? account : { ...account, emergency: current },
        );
        await sessions.rightsChanged(name);
        const id = `break-glass-end-${name}-${emergency.until}`;
        await audit.record({
          id,
          actor: 'system',
          act: 'break-glass.end',
          target: name,
          detail: { until: emergency.until },
        });
      }
    },
    onAlert: (listener) => void listeners.push(listener),
  };
}

function ignoreExisting(error: unknown): void {
  if (!(error instanceof HaidangError && error.code === 'HD_RECORD_EXISTS')) throw error;
}
