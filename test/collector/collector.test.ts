import { appendFileSync, mkdirSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { readConfig } from '../../collector/config.ts';
import type { Log } from '../../collector/log.ts';
import { type RunningCollector, startCollector } from '../../collector/main.ts';
import { type Certificates, makeCertificates, quietLog, Receiver, temporaryFolder, until } from './receiver.ts';

let folder: ReturnType<typeof temporaryFolder>;
let certificates: Certificates;
let receiver: Receiver;
let running: RunningCollector | undefined;
let log: ReturnType<typeof quietLog>;

beforeEach(async () => {
  folder = temporaryFolder();
  certificates = makeCertificates(folder.path);
  receiver = new Receiver();
  log = quietLog();
  await receiver.start(certificates);
});

afterEach(async () => {
  await running?.stop(0);
  running = undefined;
  await receiver.stop();
  folder.remove();
});

async function start(inputs: unknown, more: Record<string, unknown> = {}): Promise<RunningCollector> {
  const path = join(folder.path, 'collector.yaml');
  const { ca, certificate, key } = certificates;
  const server = `https://127.0.0.1:${receiver.port}`;
  writeFileSync(path, stringify({ id: 'c0test01', server, ca, certificate, key, spool: 'spool', inputs, ...more }));
  running = await startCollector(readConfig(path), log as unknown as Log);
  return running;
}

async function stop(): Promise<void> {
  await running?.stop();
  running = undefined;
}

/** So many lines of the one source are on disk, and the collector has the server's receipt for all of them. */
function isSent(lines: number): boolean {
  const now = running?.status();
  return now?.sources[0]?.spooled === lines && now.waiting.events === 0;
}

const logPath = () => join(folder.path, 'app.log');
const fileInput = () => [{ type: 'file', paths: ['app.log'] }];
const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `Nov 22 10:00:00 host app[1]: line ${from + i}`);
const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');

test('lines of a file arrive once and in order, with ids of this collector, over mutual TLS', async () => {
  writeFileSync(logPath(), text(numbered(0, 2_500)));
  await start(fileInput());
  await until('all lines', () => receiver.events.size === 2_500);
  expect(receiver.originals).toEqual(numbered(0, 2_500));
  expect([...receiver.peers]).toEqual(['c0test01']);
  const ids = [...receiver.events.keys()];
  expect(ids[0]).toMatch(/^\d{8}-c0test01-[0-9a-f]{8}-1-[0-9a-f]{12}$/);
  expect(ids.map((id) => Number(id.split('-')[3]))).toEqual(Array.from({ length: 2_500 }, (_, i) => i + 1));
  for (const header of receiver.headers) {
    const counted = header.runs.reduce((sum, [, events]) => sum + events, 0);
    expect(counted).toBe(header.last - header.first + 1);
    for (const [index] of header.runs) expect(header.sources[index]?.source).toBe(`file:${logPath()}`);
  }
  const source = running?.status().sources[0];
  expect(source).toMatchObject({ read: 2_500, spooled: 2_500, dropped: {} });
});

test('a restart goes on behind the last record that was spooled', async () => {
  writeFileSync(logPath(), text(numbered(0, 100)));
  await start(fileInput());
  await until('the first lines', () => receiver.events.size === 100);
  await stop();
  appendFileSync(logPath(), text(numbered(100, 150)));
  await start(fileInput());
  await until('the new lines', () => receiver.events.size === 150);
  await stop();
  expect(receiver.originals).toEqual(numbered(0, 150));
  expect(receiver.repeats).toBe(0);
  const last = receiver.headers.at(-1)?.sources.find((source) => source.source.startsWith('file:'));
  expect(last).toMatchObject({ read: 150, spooled: 150 });
});

test('two rotations while the collector is stopped and one while it runs lose and double nothing', async () => {
  writeFileSync(logPath(), text(numbered(0, 100)));
  await start(fileInput());
  await until('the first lines', () => receiver.events.size === 100);
  await stop();
  appendFileSync(logPath(), text(numbered(100, 120)));
  renameSync(logPath(), `${logPath()}.1`);
  writeFileSync(logPath(), text(numbered(120, 140)));
  renameSync(`${logPath()}.1`, `${logPath()}.2`);
  renameSync(logPath(), `${logPath()}.1`);
  writeFileSync(logPath(), text(numbered(140, 160)));
  await start(fileInput());
  await until('all of the three files', () => receiver.events.size === 160);
  renameSync(`${logPath()}.2`, `${logPath()}.3`);
  renameSync(`${logPath()}.1`, `${logPath()}.2`);
  renameSync(logPath(), `${logPath()}.1`);
  appendFileSync(`${logPath()}.1`, text(numbered(160, 170)));
  writeFileSync(logPath(), text(numbered(170, 180)));
  await until('what came around the rotation', () => receiver.events.size === 180);
  await stop();
  expect([...receiver.originals].sort()).toEqual(numbered(0, 180).sort());
  await start(fileInput());
  appendFileSync(logPath(), text(numbered(180, 181)));
  await until('the line after another restart', () => receiver.originals.includes(numbered(180, 181)[0] as string));
  expect(receiver.events.size).toBe(181);
});

test('rotation during an outage of the server: all of it arrives when the server is back', async () => {
  writeFileSync(logPath(), text(numbered(0, 50)));
  await start(fileInput());
  // Stored is not yet acknowledged: a receipt lost with the connection would rightly leave the lines waiting.
  await until('the receipt of the first lines', () => isSent(50));
  const port = receiver.port;
  await receiver.stop();
  appendFileSync(logPath(), text(numbered(50, 80)));
  renameSync(logPath(), `${logPath()}.1`);
  writeFileSync(logPath(), text(numbered(80, 120)));
  await until('all lines spooled', () => running?.status().sources[0]?.spooled === 120);
  expect(running?.status().waiting.events).toBe(70);
  await receiver.start(certificates, port);
  await until('all lines', () => receiver.events.size === 120, 20_000);
  expect([...receiver.originals].sort()).toEqual(numbered(0, 120).sort());
  await until('the last receipt', () => running?.status().waiting.frames === 0);
  expect(running?.status().waiting).toEqual({ frames: 0, events: 0, bytes: 0 });
});

test('a file emptied in place is read from its beginning; a line without its newline waits for it', async () => {
  writeFileSync(logPath(), text(numbered(0, 10)));
  await start(fileInput());
  await until('the first lines', () => receiver.events.size === 10);
  truncateSync(logPath(), 0);
  await new Promise((resolve) => setTimeout(resolve, 200));
  appendFileSync(logPath(), 'Nov 22 10:00:01 host app[1]: half');
  await new Promise((resolve) => setTimeout(resolve, 250));
  expect(receiver.events.size).toBe(10);
  appendFileSync(logPath(), ' whole\n');
  await until('the line', () => receiver.events.size === 11);
  expect(receiver.originals.at(-1)).toBe('Nov 22 10:00:01 host app[1]: half whole');
});

test('garbage, invalid UTF-8, CRLF, empty lines and 1 MB lines: every byte is kept and the rest goes on', async () => {
  const garbage = Buffer.from([0xff, 0xfe, 0x00, 0x80, 0x41, 0xc3, 0x28]);
  const long = Buffer.from('ộ'.repeat(349_525));
  const plain = (line: string) => Buffer.from(line);
  writeFileSync(
    logPath(),
    Buffer.concat([plain('first\r\n\n'), garbage, plain('\n'), long, plain('\n\r\n'), plain('{"a": {"b"\nlast\n')]),
  );
  await start(fileInput());
  await until('the last line', () => receiver.originals.includes('last'));
  const events = [...receiver.events.values()];
  expect(events[0]?.event.original).toBe('first');
  const kept = events[1]?.['haidang'] as { original_base64: string };
  expect(Buffer.from(kept.original_base64, 'base64')).toEqual(garbage);
  const pieces = events.filter((event) => (event['haidang'] as { piece?: number } | undefined)?.piece !== undefined);
  expect(pieces.map((event) => (event['haidang'] as { piece: number }).piece)).toEqual([1, 2, 3, 4, 5]);
  expect(Buffer.from(pieces.map((event) => event.event.original).join('')).equals(long)).toBe(true);
  expect(running?.status().sources[0]).toMatchObject({ read: 11, spooled: 9, dropped: { empty: 2 } });
  expect(receiver.originals).toContain('{"a": {"b"');
});

test('the server asks to wait, fails and refuses: nothing is lost, the refused frame is set aside with its reason', async () => {
  let asked = 0;
  receiver.intercept = (header) => {
    asked++;
    if (asked <= 2) return { status: 503, headers: { 'retry-after': '0' } };
    if (asked === 3) return { status: 500 };
    if (header.first <= 1 && header.last >= 1) {
      return { status: 400, body: { code: 'HD_BATCH_DAY', detail: 'day refused' } };
    }
    return undefined;
  };
  writeFileSync(logPath(), text(numbered(0, 3_000)));
  await start(fileInput());
  await until('what is not refused', () => running?.status().waiting.events === 0 && receiver.events.size > 0);
  const refused = running?.status().quarantined;
  expect(refused).toMatchObject({ frames: 1, reasons: { HD_BATCH_DAY: 1 } });
  expect(receiver.events.size + (refused?.events ?? 0)).toBe(3_000);
  await stop();
  await start(fileInput());
  expect(running?.status().quarantined).toEqual(refused);
});

test('a server with a certificate of another authority gets nothing', async () => {
  const other = join(folder.path, 'other');
  mkdirSync(other);
  await receiver.stop();
  receiver = new Receiver();
  await receiver.start(makeCertificates(other));
  writeFileSync(logPath(), text(numbered(0, 5)));
  await start(fileInput());
  await until('spooled', () => running?.status().waiting.events === 5);
  await until('the complaint', () => log.told.some((entry) => entry.text.startsWith('no connection to the server')));
  expect(receiver.events.size).toBe(0);
});

test('event ids take their day from the clock of the server', async () => {
  receiver.clockOffset = 3 * 86_400_000;
  await start(fileInput());
  await until('the clock', () => receiver.statuses.length > 0);
  writeFileSync(logPath(), text(numbered(0, 1)));
  await until('the line', () => receiver.events.size === 1);
  const day = new Date(Date.now() + receiver.clockOffset).toISOString().slice(0, 10).replaceAll('-', '');
  expect([...receiver.events.keys()][0]?.slice(0, 8)).toBe(day);
});

test('syslog over TCP: both framings, a message in pieces, a frame cut off, and the sender’s address', async () => {
  await start([{ type: 'syslog', port: 0, udp: false }]);
  const port = Number(listening());
  const message = '<34>1 2026-11-22T10:00:00.000Z host app 1 - - counted\nwith a newline inside';
  const socket = createConnection(port, '127.0.0.1');
  socket.write(`${Buffer.byteLength(message)} ${message}`);
  socket.write('<13>Nov 22 10:00:00 host app: by line\n<13>Nov 22 10:00:00 host app: sec');
  await until('two messages', () => receiver.events.size === 2);
  socket.write('ond line\n57 <13>Nov 22 10:00:00 host app: cut');
  await until('three messages', () => receiver.events.size === 3);
  socket.end();
  await until('the cut one', () => receiver.events.size === 4);
  expect(receiver.originals).toEqual([
    message,
    '<13>Nov 22 10:00:00 host app: by line',
    '<13>Nov 22 10:00:00 host app: second line',
    '<13>Nov 22 10:00:00 host app: cut',
  ]);
  const events = [...receiver.events.values()];
  expect(events[0]?.['haidang']).toEqual({ peer: '127.0.0.1' });
  expect(events[3]?.['haidang']).toEqual({ peer: '127.0.0.1', truncated: true });
});

function listening(): string | undefined {
  const told = log.told.find((entry) => entry.text === 'listening for syslog');
  return (told?.fields as { listen: string } | undefined)?.listen.split(':').at(-1);
}

test('a port in use is a warning and a shown error; other inputs go on', async () => {
  await start([{ type: 'syslog', port: 0, udp: false }]);
  const port = Number(listening());
  const first = running;
  writeFileSync(logPath(), text(numbered(0, 3)));
  await start([{ type: 'syslog', port, udp: false }, ...fileInput()], { spool: 'spool2' });
  try {
    await until('the file', () => receiver.events.size === 3);
    const source = running?.status().sources.find((candidate) => candidate.source.startsWith('syslog'));
    expect(source?.error).toContain('in use by another program');
  } finally {
    await first?.stop(0);
  }
});

test('a second collector on the same spool is refused with a clear sentence', async () => {
  await start(fileInput());
  const first = running;
  await expect(start(fileInput())).rejects.toThrow(/uses the spool folder .* Stop the other collector/);
  running = first;
});

test('the status report holds the ledger equations', async () => {
  writeFileSync(logPath(), text([...numbered(0, 20), '', '']));
  await start(fileInput());
  await until('all lines', () => receiver.events.size === 20);
  await stop();
  for (const report of receiver.statuses) {
    for (const source of report.sources) {
      const dropped = Object.values(source.dropped).reduce((sum, count) => sum + count, 0);
      expect(source.read).toBe(source.spooled + dropped);
    }
  }
  expect(receiver.statuses.at(-1)?.sources[0]).toMatchObject({ read: 22, spooled: 20, dropped: { empty: 2 } });
});
