import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SYSTEM } from '../../../server/identity.ts';
import type { SharedState, SharingRecord } from '../../../server/sharing/record.ts';
import { type Fault, type StandIn, startStandIn } from './stand-in.ts';
import { MINH, openWorld, taxiiRecipient, untilSo, type World } from './world.ts';

let folder = '';
let standIn: StandIn;
let world: World;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haidang-outbox-'));
  standIn = await startStandIn();
  world = await openWorld(folder, { recipients: [taxiiRecipient(standIn.root)] });
  world.sharing.start(undefined);
});
afterAll(async () => {
  await world?.close();
  await standIn?.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  standIn.fault = () => undefined;
  standIn.canRead = true;
  standIn.maxLength = 10_000_000;
  standIn.refusesAgain = false;
});

/** Waits until a version is in a state; gives the record. */
const inState = async (id: string, number: number, state: SharedState): Promise<SharingRecord> => {
  const ended = ['delivered', 'dead', 'refused'];
  const found = await untilSo(`version ${number} is ${state}`, async () => {
    const record = await world.record(id);
    const version = record?.versions.find((one) => one.number === number);
    // What came to another end is told at once.
    return version && (version.state === state || ended.includes(version.state)) ? record : undefined;
  });
  expect(found.versions.find((one) => one.number === number)).toMatchObject({ state });
  return found;
};
/** Errs once in each of these ways with requests of a kind, and then no more. */
const errOnce = (faults: readonly Fault[], path = '/objects/') => {
  const left = [...faults];
  standIn.fault = (request) => (request.path.endsWith(path) ? left.shift() : undefined);
};
const taken = (id: string) => standIn.taken.filter(({ text }) => text.includes(`"${id}"`));

describe('the outbox', () => {
  it('delivers what was approved, once, with a receipt for each object, and says so in the audit trail', async () => {
    const id = await world.incident('Tấn công thử');
    await world.share(id);
    const record = await inState(id, 1, 'delivered');
    const [version] = record.versions;
    expect(version).toMatchObject({ delivered: { refused: 0 }, problem: null, decision: { by: 'minh' } });
    const receipts = await world.sharing.shares.receipts({ incident: id, recipient: 'a05', number: 1 });
    expect(receipts?.objects.length).toBe(version?.objects);
    expect(new Set(receipts?.objects.map(({ outcome }) => outcome))).toEqual(new Set(['accepted']));
    expect(receipts?.references).toHaveLength(1);
    const { records } = await world.records.as(SYSTEM).find('audit', { limit: 1000 });
    const lines = records.filter(({ document }) => document.target === id && document.act.startsWith('sharing.'));
    expect(lines.map(({ document }) => `${document.actor} ${document.act}`).sort()).toEqual([
      'forwarder sharing.delivered',
      'lan sharing.request',
      'minh sharing.approve',
    ]);
  });

  it('sends later states after earlier ones, each with what changed alone as new', async () => {
    const id = await world.incident('Một');
    await world.share(id);
    await inState(id, 1, 'delivered');
    await world.share(id, 'Hai');
    await world.share(id, 'Ba');
    await inState(id, 3, 'delivered');
    const names = taken(id)
      .map(({ text }) => JSON.parse(text) as { type: string; name: string })
      .filter(({ type }) => type === 'incident')
      .map(({ name }) => name);
    expect(names).toEqual(['Một', 'Hai', 'Ba']);
    const address = standIn.taken.filter(({ id: object }) => object.startsWith('ipv4-addr'));
    expect(new Set(address.map(({ id: object }) => object)).size).toBe(address.length);
    expect(standIn.disorder).toEqual([]);
  });

  it.each<[string, readonly Fault[]]>([
    ['a connection that breaks before', ['drop-before']],
    ['an answer that is lost', ['drop-after', 'half-answer']],
    ['one that is busy, by seconds and by a clock that is a day wrong', ['busy', 'busy-by-date']],
    ['one that is broken', ['broken', 'no-json']],
    ['one that is still at it', ['pending']],
    ['one that took it and never says so', ['pending-forever']],
    ['one that forgets what it took on', ['pending-lost']],
  ])('outlasts %s, and nothing is there twice', async (_, faults) => {
    errOnce(faults);
    const id = await world.incident('Có lỗi');
    await world.share(id);
    await inState(id, 1, 'delivered');
    expect(standIn.conflicts).toEqual([]);
    expect(taken(id).filter(({ id: object }) => object.startsWith('incident--'))).toHaveLength(1);
  });

  it.each<[string, readonly Fault[]]>([
    ['at all', []],
    ['after an answer that was lost', ['drop-after']],
    ['after it was at it for ever', ['pending-forever']],
    ['in two parts, after an answer that was lost', ['drop-after', 'too-large']],
    ['while it errs in between', ['half-answer', 'busy', 'drop-after', 'pending']],
  ])('writes where it may not read, to one that calls duplicates failures, %s', async (_, faults) => {
    standIn.canRead = false;
    standIn.refusesAgain = true;
    const other = await mkdtemp(join(tmpdir(), 'haidang-outbox-'));
    const second = await openWorld(other, { recipients: [taxiiRecipient(standIn.root)] });
    try {
      errOnce(faults);
      second.sharing.start(undefined);
      const id = await second.incident('Hộp thư kín');
      const ends = async (number: number) =>
        untilSo(`version ${number} came to an end`, async () => {
          const version = (await second.record(id))?.versions.find((one) => one.number === number);
          return version?.state === 'delivered' || version?.state === 'dead' ? version : undefined;
        });
      await second.share(id);
      expect(await ends(1)).toMatchObject({ state: 'delivered', delivered: { refused: 0 } });
      errOnce(faults);
      await second.share(id, 'Hộp thư kín, sửa');
      expect(await ends(2)).toMatchObject({ state: 'delivered', delivered: { refused: 0 } });
      const names = taken(id).filter(({ id: object }) => object.startsWith('incident--'));
      expect(names).toHaveLength(2);
    } finally {
      await second.close();
      await rm(other, { recursive: true, force: true });
    }
  });

  it('still hears a refusal where it may not read, also of what it sent before', async () => {
    standIn.canRead = false;
    standIn.refusesAgain = true;
    const other = await mkdtemp(join(tmpdir(), 'haidang-outbox-'));
    const second = await openWorld(other, { recipients: [taxiiRecipient(standIn.root)] });
    try {
      // The first answer is lost with nothing taken, the second refuses the incident: in other words than a duplicate.
      errOnce(['drop-before', 'refuse-object']);
      second.sharing.start(undefined);
      const id = await second.incident('Bị từ chối');
      await second.share(id);
      const ends = (state: SharedState) =>
        untilSo(`it is ${state}`, async () => {
          const record = await second.record(id);
          return record?.versions[0]?.state === state ? record : undefined;
        });
      expect((await ends('dead')).versions[0]?.problem).toContain('Not wanted.');
      // All but the incident is there: sent again by a person, only what was refused counts.
      await second.sharing.shares.resend(MINH, { incident: id, recipient: 'a05', number: 1 });
      expect((await ends('delivered')).versions[0]?.delivered).toMatchObject({ refused: 0 });
    } finally {
      await second.close();
      await rm(other, { recursive: true, force: true });
    }
  });

  it('divides what is too long for the recipient, whether it says so before or after', async () => {
    const id = await world.incident('Dài');
    for (let at = 0; at < 6; at += 1)
      await world.incidents.change(MINH, id, { addIndicator: `evil-${at}.example.net` });
    errOnce(['too-large']);
    standIn.maxLength = 4_000;
    const before = standIn.posts();
    // The limit is remembered for a while: a new world asks for it.
    const other = await mkdtemp(join(tmpdir(), 'haidang-outbox-'));
    const second = await openWorld(other, { recipients: [taxiiRecipient(standIn.root)] });
    try {
      const copy = await second.incident('Dài');
      for (let at = 0; at < 6; at += 1)
        await second.incidents.change(MINH, copy, { addIndicator: `evil-${at}.example.net` });
      await second.share(copy);
      second.sharing.start(undefined);
      await untilSo('it is delivered', async () => {
        const record = await second.record(copy);
        return record?.versions[0]?.state === 'delivered' ? true : undefined;
      });
      expect(standIn.posts() - before).toBeGreaterThan(2);
    } finally {
      await second.close();
      await rm(other, { recursive: true, force: true });
    }
  });

  it('sets aside what is refused, with the reason for each object, and sends it again on request', async () => {
    standIn.canRead = true;
    errOnce(['refuse-object']);
    const id = await world.incident('Bị từ chối');
    await world.share(id);
    const dead = await inState(id, 1, 'dead');
    expect(dead).toMatchObject({ dead: 1, due: 0 });
    expect(dead.versions[0]?.problem).toContain('Not wanted.');
    const name = { incident: id, recipient: 'a05', number: 1 };
    const receipts = await world.sharing.shares.receipts(name);
    expect(receipts?.objects.filter(({ outcome }) => outcome === 'refused')).toHaveLength(1);
    await world.sharing.shares.resend(MINH, name);
    expect((await inState(id, 1, 'delivered')).dead).toBe(0);
    await expect(world.sharing.shares.resend(MINH, name)).rejects.toMatchObject({ code: 'HD_RECORD_CONFLICT' });
  });

  it('lets a later version take the place of one that was set aside, which must not come after it', async () => {
    errOnce(['refuse-object']);
    const id = await world.incident('Cũ');
    await world.share(id);
    await inState(id, 1, 'dead');
    await world.share(id, 'Mới');
    const record = await inState(id, 2, 'delivered');
    expect(record.versions[0]?.state).toBe('superseded');
    expect(record.dead).toBe(0);
  });

  it('waits where the password is wrong, says so, and goes on once it is right', async () => {
    let wrong = true;
    standIn.fault = () => (wrong ? 'unauthorized' : undefined);
    const id = await world.incident('Sai mật khẩu');
    await world.share(id);
    const waiting = await untilSo('a reason is shown', async () => {
      const record = await world.record(id);
      return record?.versions[0]?.problem ? record : undefined;
    });
    expect(waiting.versions[0]).toMatchObject({ state: 'approved', problem: expect.stringContaining('401') });
    wrong = false;
    await inState(id, 1, 'delivered');
  });

  it('sends nothing but the bytes that were approved', async () => {
    const other = await mkdtemp(join(tmpdir(), 'haidang-outbox-'));
    const second = await openWorld(other, { recipients: [taxiiRecipient(standIn.root)] });
    try {
      const id = await second.incident('Bi sua');
      await second.share(id);
      const view = second.records.as(SYSTEM);
      const record = await second.record(id);
      const body = await view.get('sharing-body', `${id}:a05:${record?.versions[0]?.sha256}`);
      if (!body) throw new Error('no body');
      const changed = { body: body.document.body.replace('Bi sua', 'Bi SUA') };
      expect(changed.body).not.toBe(body.document.body);
      await view.replace('sharing-body', body.id, changed, body.version);
      second.sharing.start(undefined);
      const dead = await untilSo('it is set aside', async () => {
        const now = await second.record(id);
        return now?.dead === 1 ? now : undefined;
      });
      expect(dead.versions[0]?.problem).toContain('not those that were approved');
      expect(taken(id)).toEqual([]);
    } finally {
      await second.close();
      await rm(other, { recursive: true, force: true });
    }
  });

  it('stops where another server took the lease over, before anything leaves', async () => {
    const other = await mkdtemp(join(tmpdir(), 'haidang-outbox-'));
    const second = await openWorld(other, { recipients: [taxiiRecipient(standIn.root)] });
    try {
      const id = await second.incident('Mất quyền');
      await second.share(id);
      const posts = standIn.posts();
      const { HaidangError } = await import('../../../server/errors.ts');
      const lost = { check: () => Promise.reject(new HaidangError('HD_LEASE_LOST', 'Taken over.')) };
      // It ends by itself: who has lost the lease has nothing to do here.
      await second.sharing.forwarder.work(lost, new AbortController().signal);
      expect(standIn.posts()).toBe(posts);
      expect((await second.record(id))?.versions[0]?.state).toBe('approved');
    } finally {
      await second.close();
      await rm(other, { recursive: true, force: true });
    }
  });
});
