import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import { zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WIRE_LIMITS } from '../../../ecs/wire.ts';
import { openAuthority } from '../../../server/authority/authority.ts';
import { newPrivateKey } from '../../../server/authority/certificates.ts';
import { type AgencyId, SYSTEM } from '../../../server/identity.ts';
import { packLines, sshFailure, toLines } from '../store/frames.ts';
import { AGENCY, answerOf, type EnrolledCollector, type Lab, openLab, send } from './lab.ts';

let lab: Lab;
let collector: EnrolledCollector;
const ID = 'c1aaaaaa';
const SOURCE = 'file:/var/log/auth.log';

beforeEach(async () => {
  lab = await openLab();
  collector = await lab.enrol(ID);
});
afterEach(() => lab.close());

function frame(first: number, count: number, spooled = first + count - 1, id = ID): Uint8Array {
  const events = Array.from({ length: count }, (_, at) => sshFailure((first + at) % 60));
  const counters = {
    source: SOURCE,
    read: spooled + 2,
    spooled,
    dropped: { empty: 2 },
    unparsed: 0,
    position: { offset: 9 },
  };
  const options = { first, collector: id, header: { sources: [counters] } };
  return packLines(toLines(events, options), options);
}

describe('a collector with a good certificate', () => {
  it('gets a receipt once its batch is stored, and the batch goes on to detection', async () => {
    const session = lab.dial(collector);
    const answer = await send(session, 'POST', '/v1/batches', frame(1, 10));
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ stored: 10, duplicates: 0, deadLettered: 0 });
    expect(await lab.events.lastSequence()).toBe(10);
    expect(lab.stored).toMatchObject([{ firstSequence: 1, lastSequence: 10, agency: AGENCY, collector: ID }]);
    expect((await send(session, 'POST', '/v1/batches', frame(1, 10))).json).toEqual({
      stored: 0,
      duplicates: 10,
      deadLettered: 0,
    });
    expect(lab.stored).toHaveLength(1);
  });

  it('has its agency from the certificate, whatever the payload says', async () => {
    const forged = { ...sshFailure(1), organization: { id: 'bo-quoc-phong' }, 'organization.id': 'bo-quoc-phong' };
    const body = packLines(toLines([forged], { collector: ID }), { collector: ID });
    await send(lab.dial(collector), 'POST', '/v1/batches', body);
    const range = { from: '2026-11-20T00:00:00.000Z', to: '2026-11-21T00:00:00.000Z' };
    const page = await lab.events.as(SYSTEM).search({ range, condition: { kind: 'always' }, limit: 10 });
    expect(page.events.map(({ event }) => event['organization'])).toEqual([{ id: AGENCY }]);
    expect(JSON.stringify(page.events)).not.toContain('bo-quoc-phong');
  });

  it('may not speak for another collector', async () => {
    const other = frame(1, 3, 3, 'c2bbbbbb');
    const answer = await send(lab.dial(collector), 'POST', '/v1/batches', other);
    expect([answer.status, answer.json['code']]).toEqual([400, 'HD_BATCH_MALFORMED']);
    expect(await lab.events.lastSequence()).toBe(0);
  });

  it('has its frames stored in the order it sent them, also where the first takes longest to arrive', async () => {
    const session = lab.dial(collector);
    const [slow, next, last] = [frame(1, 5), frame(6, 5), frame(11, 5)];
    const first = session.request({ ':method': 'POST', ':path': '/v1/batches' }, { endStream: false });
    first.write(slow.subarray(0, 20));
    const answers = [answerOf(first), ...[next, last].map((body) => send(session, 'POST', '/v1/batches', body))];
    // A round trip later all three are with the server, two of them whole.
    await send(session, 'POST', '/v1/other', 'x');
    expect(lab.stored).toEqual([]);
    first.end(slow.subarray(20));
    expect((await Promise.all(answers)).map(({ json }) => json['stored'])).toEqual([5, 5, 5]);
    expect(lab.stored.map(({ body }) => body)).toEqual([slow, next, last].map((body) => new Uint8Array(body)));
  });

  it('gets the server clock', async () => {
    const { status, json } = await send(lab.dial(collector), 'GET', '/v1/clock');
    expect(status).toBe(200);
    expect(Math.abs(Date.parse(String(json['now'])) - Date.now())).toBeLessThan(60_000);
  });

  it('gets a problem document for an address that is not there', async () => {
    const { status, json, headers } = await send(lab.dial(collector), 'POST', '/v1/other', 'x');
    expect([status, json['code']]).toEqual([404, 'HD_NOT_FOUND']);
    expect(headers['content-type']).toBe('application/problem+json');
  });

  it('has its counters and status kept in its record, the highest whatever the order', async () => {
    const session = lab.dial(collector);
    await send(session, 'POST', '/v1/batches', frame(11, 10, 20));
    await send(session, 'POST', '/v1/batches', frame(1, 10, 10));
    const status = {
      collector: ID,
      epoch: '0a0b0c0d',
      version: '0.1.0',
      startedAt: '2026-11-20T08:00:00.000Z',
      waiting: { frames: 1, events: 5, bytes: 99 },
      quarantined: { frames: 0, events: 0, reasons: {} },
      sources: [
        {
          source: SOURCE,
          read: 30,
          spooled: 25,
          dropped: {},
          unparsed: 0,
          kernelDropped: 3,
          lastReadAt: null,
          error: null,
        },
      ],
    };
    const answer = await send(session, 'POST', '/v1/status', JSON.stringify(status));
    expect(answer.status).toBe(200);
    expect(lab.ingest.counters().get(ID)).toMatchObject([{ source: SOURCE, read: 30, spooled: 25 }]);
    lab = await lab.restart();
    const record = await lab.record(ID);
    expect(record.status).toEqual(status);
    expect(record.counters).toEqual([{ source: SOURCE, read: 30, spooled: 25, dropped: {}, unparsed: 0 }]);
    expect(record.lastSeenAt).not.toBeNull();
    // Read again from the stored frames, for a server that was killed before it wrote the record.
    expect(lab.ingest.counters().get(ID)).toMatchObject([{ source: SOURCE, read: 22, spooled: 20 }]);
  });

  it.each([
    ['no JSON', '{', 'not JSON'],
    ['a missing part', '{"collector":"c1aaaaaa"}', 'The status is wrong at'],
    ['another collector', undefined, 'another collector'],
  ])('has a status with %s refused', async (_name, text, said) => {
    const other = {
      collector: 'c2bbbbbb',
      epoch: '0a0b0c0d',
      version: '1',
      startedAt: '2026-11-20T08:00:00.000Z',
      waiting: { frames: 0, events: 0, bytes: 0 },
      quarantined: { frames: 0, events: 0, reasons: {} },
      sources: [],
    };
    const answer = await send(lab.dial(collector), 'POST', '/v1/status', text ?? JSON.stringify(other));
    expect([answer.status, answer.json['code']]).toEqual([400, 'HD_BAD_REQUEST']);
    expect(answer.json['detail']).toContain(said);
  });
});

describe('who is let in', () => {
  it('nobody without a certificate, or with one of another authority', async () => {
    const strangers = await openAuthority(`${lab.folder}/strangers`);
    const { publicKey, key } = keyPair();
    const issued = await strangers.issueCollector({ collector: collector.id, agency: AGENCY, publicKey });
    for (const session of [lab.dial(), lab.dial({ ...collector, key, certificate: issued.certificate })]) {
      await expect(send(session, 'GET', '/v1/clock')).rejects.toThrow();
    }
    expect((await send(lab.dial(collector), 'GET', '/v1/clock')).status).toBe(200);
  });

  it('not the certificate of the server itself', async () => {
    const { certificate, key } = await lab.authority.serverCredentials();
    await expect(send(lab.dial({ ...collector, key, certificate }), 'GET', '/v1/clock')).rejects.toThrow();
  });

  it('not a certificate of ours that is not the registered one', async () => {
    const { publicKey, key } = keyPair();
    const { certificate } = await lab.authority.issueCollector({ collector: collector.id, agency: AGENCY, publicKey });
    const answer = await send(lab.dial({ ...collector, key, certificate }), 'POST', '/v1/batches', frame(1, 1));
    expect([answer.status, answer.json['code']]).toEqual([403, 'HD_CERTIFICATE']);
  });

  it('the certificate before a renewal, until it expires', async () => {
    const { fingerprint } = await lab.record(ID);
    await lab.change(ID, { fingerprint: 'f'.repeat(64), previousFingerprint: fingerprint });
    expect((await send(lab.dial(collector), 'GET', '/v1/clock')).status).toBe(200);
  });

  it('not a revoked certificate, at once and on an open connection', async () => {
    const session = lab.dial(collector);
    expect((await send(session, 'POST', '/v1/batches', frame(1, 1))).status).toBe(200);
    await lab.change(ID, { revoked: true });
    const answer = await send(session, 'POST', '/v1/batches', frame(2, 1));
    expect([answer.status, answer.json['code']]).toEqual([403, 'HD_CERTIFICATE']);
    expect(await lab.events.lastSequence()).toBe(1);
  });

  it('not TLS 1.2, and not HTTP/1.1', async () => {
    const base = {
      host: '127.0.0.1',
      port: lab.ingest.port,
      ca: lab.authority.certificate,
      key: collector.key,
      cert: collector.certificate,
    };
    const old = connectTls({ ...base, maxVersion: 'TLSv1.2', ALPNProtocols: ['h2'] });
    await expect(once(old, 'secureConnect')).rejects.toThrow();
    const http1 = connectTls({ ...base, ALPNProtocols: ['http/1.1'] });
    await expect(once(http1, 'secureConnect')).rejects.toThrow(/no application protocol/);
    expect((await send(lab.dial(collector), 'GET', '/v1/clock')).status).toBe(200);
  });

  it('sees a server whose certificate its authority signed', async () => {
    const strangers = await openAuthority(`${lab.folder}/strangers`);
    await expect(send(lab.dial(collector, strangers.certificate), 'GET', '/v1/clock')).rejects.toThrow();
  });

  it('not more than the connections one certificate may hold', async () => {
    const few = await openLab({ limits: { connectionsPerCertificate: 2 } });
    try {
      const one = await few.enrol(ID);
      const open = [few.dial(one), few.dial(one)];
      for (const session of open) expect((await send(session, 'GET', '/v1/clock')).status).toBe(200);
      await expect(send(few.dial(one), 'GET', '/v1/clock')).rejects.toThrow();
      expect((await send(open[0] as (typeof open)[0], 'GET', '/v1/clock')).status).toBe(200);
    } finally {
      await few.close();
    }
  });
});

describe('bad input is refused by name and disturbs nobody', () => {
  const refused = async (body: Uint8Array | string) => {
    const { status, json } = await send(lab.dial(collector), 'POST', '/v1/batches', body);
    return [status, json['code']];
  };
  afterEach(async () => {
    const other = await lab.enrol('c2bbbbbb', 'so-y-te' as AgencyId);
    expect((await send(lab.dial(other), 'POST', '/v1/batches', frame(1, 2, 2, 'c2bbbbbb'))).json['stored']).toBe(2);
  });

  it('garbage, an empty body, and a frame cut short', async () => {
    expect(await refused('garbage')).toEqual([400, 'HD_BATCH_MALFORMED']);
    expect(await refused('')).toEqual([400, 'HD_BATCH_MALFORMED']);
    const whole = frame(1, 200);
    expect(await refused(whole.subarray(0, whole.length - 40))).toEqual([400, 'HD_BATCH_MALFORMED']);
  });

  it('a header that is not as agreed', async () => {
    const plain = (header: object) => zstdCompressSync(JSON.stringify(header));
    expect(await refused(zstdCompressSync('not json\n'))).toEqual([400, 'HD_BATCH_MALFORMED']);
    expect(await refused(plain({ version: 2, collector: ID }))).toEqual([400, 'HD_BATCH_MALFORMED']);
    const sources = Array.from({ length: 1_001 }, (_, at) => ({
      source: `s${at}`,
      read: 0,
      spooled: 0,
      dropped: {},
      unparsed: 0,
    }));
    expect(await refused(packLines([], { collector: ID, header: { sources } }))).toEqual([400, 'HD_BATCH_MALFORMED']);
  });

  it('a small body that unpacks to more than memory should hold', async () => {
    const header = JSON.stringify({
      version: 1,
      collector: ID,
      epoch: '0a0b0c0d',
      day: '20261120',
      first: 1,
      last: 1,
      spooledAt: '2026-11-20T08:00:00.000Z',
      sources: [],
      runs: [],
    });
    const inLines = zstdCompressSync(
      Buffer.concat([Buffer.from(`${header}\n`), Buffer.alloc(WIRE_LIMITS.frameBytesPlain + 1, 97)]),
    );
    const inHeader = zstdCompressSync(Buffer.alloc(WIRE_LIMITS.frameBytesPlain, 97));
    expect(inLines.length).toBeLessThan(20_000);
    expect(await refused(inLines)).toEqual([400, 'HD_BATCH_MALFORMED']);
    expect(await refused(inHeader)).toEqual([400, 'HD_BATCH_MALFORMED']);
  });

  it('a body larger than a frame may be, announced or not', async () => {
    const large = Buffer.alloc(WIRE_LIMITS.frameBytes + 1);
    const session = lab.dial(collector);
    const announced = await send(session, 'POST', '/v1/batches', large, { 'content-length': large.length });
    expect([announced.status, announced.json['code']]).toEqual([413, 'HD_TOO_LARGE']);
    expect(await refused(large)).toEqual([413, 'HD_TOO_LARGE']);
    expect(lab.ingest.state().bytesInFlight).toBe(0);
  });

  it('a client that breaks off in the middle of a body', async () => {
    const session = lab.dial(collector);
    const stream = session.request({ ':method': 'POST', ':path': '/v1/batches', 'content-length': 1_000 });
    stream.on('error', () => {});
    stream.write(Buffer.alloc(500));
    await once(stream, 'ready').catch(() => {});
    session.destroy();
    expect(await refused('garbage')).toEqual([400, 'HD_BATCH_MALFORMED']);
    expect(await lab.events.lastSequence()).toBe(0);
  });
});

describe('bounds', () => {
  it('answers 503 with Retry-After while the disk is full, and takes batches again after', async () => {
    const session = lab.dial(collector);
    lab.disk = 'stopped';
    const held = await send(session, 'POST', '/v1/batches', frame(1, 1));
    expect([held.status, held.json['code'], Number(held.headers['retry-after']) > 0]).toEqual([
      503,
      'HD_STORE_FULL',
      true,
    ]);
    expect((await send(session, 'GET', '/v1/clock')).status).toBe(200);
    lab.disk = 'warning';
    expect((await send(session, 'POST', '/v1/batches', frame(1, 1))).status).toBe(200);
  });

  it('answers 503 while the store is down', async () => {
    await lab.events.close();
    const { status, headers } = await send(lab.dial(collector), 'POST', '/v1/batches', frame(1, 1));
    expect([status, Number(headers['retry-after']) > 0]).toEqual([503, true]);
  });

  it('answers 429 to a collector with too much under way, and not to another', async () => {
    const small = await openLab({ limits: { bytesPerCollector: 3_000, bytesInAll: 10_000 } });
    try {
      const [one, two] = [await small.enrol(ID), await small.enrol('c2bbbbbb')];
      const session = small.dial(one);
      const slow = session.request({ ':method': 'POST', ':path': '/v1/batches' });
      slow.write(Buffer.alloc(2_900));
      await send(session, 'GET', '/v1/clock');
      const answer = await send(session, 'POST', '/v1/batches', frame(1, 100));
      expect([answer.status, answer.json['code'], answer.headers['retry-after']]).toEqual([429, 'HD_TOO_MANY', '1']);
      expect((await send(small.dial(two), 'POST', '/v1/batches', frame(1, 1, 1, 'c2bbbbbb'))).status).toBe(200);
      slow.end();
      expect((await answerOf(slow)).status).toBe(400);
      expect(small.ingest.state().bytesInFlight).toBe(0);
    } finally {
      await small.close();
    }
  });

  it('cuts off a body that trickles', async () => {
    const hasty = await openLab({ limits: { bodyTime: 50 } });
    try {
      const stream = hasty.dial(await hasty.enrol(ID)).request({ ':method': 'POST', ':path': '/v1/batches' });
      stream.write('x');
      const { status, json } = await answerOf(stream);
      expect([status, json['code']]).toEqual([400, 'HD_BAD_REQUEST']);
      expect(hasty.ingest.state().bytesInFlight).toBe(0);
    } finally {
      await hasty.close();
    }
  });

  it('stops with connections open', async () => {
    const session = connectHttp2(`https://127.0.0.1:${lab.ingest.port}`, {
      ca: lab.authority.certificate,
      key: collector.key,
      cert: collector.certificate,
    });
    session.on('error', () => {});
    await once(session, 'connect');
    await lab.ingest.stop();
    if (!session.closed) await once(session, 'close');
    expect(session.closed).toBe(true);
  });
});

function keyPair(): { publicKey: string; key: string } {
  const key = newPrivateKey();
  return { key, publicKey: createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string };
}
