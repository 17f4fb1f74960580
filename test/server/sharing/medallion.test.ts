import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SharingRecord } from '../../../server/sharing/record.ts';
import { ask, COLLECTION } from '../taxii/national.ts';
import { type Medallion, startMedallion, taxiiPython } from '../taxii/python.ts';
import { LAN, MINH, openWorld, taxiiRecipient, untilSo, type World } from './world.ts';

const python = await taxiiPython();
const KINDS = ['incident', 'indicator', 'identity', 'observed-data', 'sighting', 'ipv4-addr', 'domain-name', 'report'];

interface Stix {
  readonly id: string;
  readonly type: string;
  readonly name?: string;
  readonly modified?: string;
  readonly pattern?: string;
  readonly revoked?: boolean;
}

describe.skipIf(python === undefined)('our outbox into a medallion 3.0.0', () => {
  let folder = '';
  let medallion: Medallion;
  let world: World;
  const worlds: World[] = [];
  /** A province whose recipient is one of its collections. */
  const openTo = async (name: string, collection: string): Promise<World> => {
    const passwordFile = join(folder, 'password');
    const place = { collection, user: 'admin', passwordFile };
    const opened = await openWorld(join(folder, name), {
      recipients: [taxiiRecipient(`${medallion.url}/national/`, place)],
    });
    worlds.push(opened);
    opened.sharing.start(undefined);
    return opened;
  };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'haidang-to-medallion-'));
    await writeFile(join(folder, 'password'), 'Password0\n', { mode: 0o600 });
    medallion = await startMedallion(python ?? '');
    world = await openTo('open', COLLECTION.empty);
  }, 180_000);
  afterAll(async () => {
    for (const one of worlds) await one.close();
    await medallion?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const settled = (from: World, id: string, number: number): Promise<SharingRecord> =>
    untilSo(`version ${number} came to an end`, async () => {
      const record = await from.record(id);
      const version = record?.versions.find((one) => one.number === number);
      return version && ['delivered', 'dead'].includes(version.state) ? record : undefined;
    });
  const delivered = async (from: World, id: string, number: number): Promise<void> => {
    const record = await settled(from, id, number);
    const version = record.versions.find((one) => one.number === number);
    expect(version).toMatchObject({ state: 'delivered', problem: null, delivered: { refused: 0 } });
    expect(version?.delivered?.accepted).toBe(version?.objects);
  };
  const statusOf = async (from: World, id: string, number: number) => {
    const receipts = await from.sharing.shares.receipts({ incident: id, recipient: 'a05', number });
    expect(receipts?.references).toHaveLength(1);
    const answer = await ask(`${medallion.url}/national/status/${receipts?.references[0]}/`, {});
    expect(answer.status).toBe(200);
    return answer.body as { status: string; success_count: number; failure_count: number };
  };
  /**
   * What it holds. Asked for by kind: it takes the `version` of an extension definition, which is none, for a time, and
   * answers 500 where one is among what is asked for.
   */
  const held = async (): Promise<readonly Stix[]> => {
    const url = `${medallion.url}/national/collections/${COLLECTION.empty}/objects/`;
    const answer = await ask(`${url}?match[version]=all&match[type]=${KINDS.join(',')}`, {});
    expect(answer.status).toBe(200);
    return answer.body.objects;
  };
  const incidents = (objects: readonly Stix[]) =>
    objects.filter(({ type }) => type === 'incident').map(({ name }) => name);

  it('adds, with the status that it gave as the receipt', async () => {
    const id = await world.incident('Một');
    await world.share(id);
    await delivered(world, id, 1);
    const count = (await world.record(id))?.versions[0]?.objects;
    expect(await statusOf(world, id, 1)).toMatchObject({ status: 'complete', success_count: count, failure_count: 0 });
    expect(incidents(await held())).toEqual(['Một']);
    const receipts = await world.sharing.shares.receipts({ incident: id, recipient: 'a05', number: 1 });
    const url = `${medallion.url}/national/collections/${COLLECTION.empty}/manifest/`;
    const listed: { objects: { id: string }[] } = (await ask(url, {})).body;
    const idsOf = (all: readonly { id: string }[] = []) => all.map((object) => object.id).sort();
    expect(idsOf(receipts?.objects)).toEqual(idsOf(listed.objects));
  });

  it('updates and revokes, though it calls what it has already a failure', async () => {
    const id = await world.incident('Hai');
    await world.incidents.change(LAN, id, { addIndicator: 'evil.example.net' });
    await world.share(id);
    await world.share(id, 'Hai, sửa');
    await delivered(world, id, 2);
    // Its own words: of the second envelope it took only what had changed.
    expect((await statusOf(world, id, 2)).failure_count).toBeGreaterThan(0);
    const { document } = await world.incidents.get(MINH, id);
    const gone = document.indicators.find(({ value }) => value === 'evil.example.net');
    await world.incidents.change(LAN, id, { version: document.revision, removeIndicator: gone?.id ?? '' });
    await world.share(id);
    await delivered(world, id, 3);

    const objects = await held();
    expect(incidents(objects).slice(1)).toEqual(expect.arrayContaining(['Hai', 'Hai, sửa']));
    const lives = objects.filter(({ type, pattern }) => type === 'indicator' && pattern?.includes('evil.example.net'));
    expect(lives.map(({ revoked = false }) => revoked)).toEqual([false, true]);
    expect(new Set(lives.map((object) => object.id)).size).toBe(1);
    const keys = objects.map((object) => `${object.id} ${object.modified ?? ''}`);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('writes into a collection that it may not read: what is there from another incident or version is no refusal', async () => {
    const blind = await openTo('blind', COLLECTION.inbox);
    const url = `${medallion.url}/national/collections/${COLLECTION.inbox}/objects/`;
    expect((await ask(url, {})).status).toBe(403);
    const [first, second] = [await blind.incident('Ba'), await blind.incident('Bốn')];
    await blind.share(first);
    await delivered(blind, first, 1);
    expect((await statusOf(blind, first, 1)).failure_count).toBe(0);
    // The center's own identity and the address came with the first incident.
    await blind.share(second);
    await delivered(blind, second, 1);
    expect((await statusOf(blind, second, 1)).failure_count).toBeGreaterThan(0);
    await blind.share(first, 'Ba, sửa');
    await delivered(blind, first, 2);
    const { document } = await blind.incidents.get(MINH, first);
    const [indicator] = document.indicators;
    await blind.incidents.change(LAN, first, { version: document.revision, removeIndicator: indicator?.id ?? '' });
    await blind.share(first);
    await delivered(blind, first, 3);
  });
});
