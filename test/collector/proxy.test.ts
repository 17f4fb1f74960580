import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../../collector/config.ts';
import { openSocket } from '../../collector/enrol/dial.ts';
import { enrol } from '../../collector/enrol/enrol.ts';
import { type RunningCollector, startCollector } from '../../collector/main.ts';
import { type FleetLab, openFleetLab } from '../server/fleet/lab.ts';
import { type Certificates, makeCertificates } from './receiver.ts';

const ACCOUNT = `Basic ${Buffer.from('ten:mat khau').toString('base64')}`;
let lab: FleetLab;
let certificates: Certificates;
let proxy: Server;
let address: string;
const asked: string[] = [];
let running: RunningCollector | undefined;

beforeEach(async () => {
  lab = await openFleetLab();
  certificates = makeCertificates(lab.folder);
  asked.length = 0;
  proxy = createServer({
    key: readFileSync(certificates.serverKey),
    cert: readFileSync(certificates.serverCertificate),
  });
  proxy.on('connect', (request, socket) => {
    asked.push(String(request.url));
    if (request.headers['proxy-authorization'] !== ACCOUNT) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n');
      return;
    }
    const [host, port] = String(request.url).split(':');
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
    socket.on('close', () => onward.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  address = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await running?.stop(0);
  running = undefined;
  proxy.closeAllConnections();
  proxy.close();
  await lab.close();
});

describe('a proxy that is spoken to over TLS', () => {
  it('lets a machine enrol and send through it, with its account', async () => {
    const log = join(lab.folder, 'a.log');
    writeFileSync(log, 'one\ntwo\n');
    const { config } = await enrol({
      server: lab.url,
      token: await lab.token(),
      folder: join(lab.folder, 'c'),
      version: '1',
      proxy: new URL(`https://ten:mat%20khau@${address}`),
      proxyCa: certificates.ca,
      inputs: [{ type: 'file', paths: [log] }],
    });
    const read = readConfig(config);
    expect([read.proxy?.protocol, read.proxyCa]).toEqual(['https:', certificates.ca]);
    const before = asked.length;
    running = await startCollector(read, pino({ level: 'silent' }));
    appendFileSync(log, 'three\n');
    for (const end = Date.now() + 60_000; (await lab.events.lastSequence()) < 3; ) {
      if (Date.now() > end) throw new Error('the events did not arrive');
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    expect(asked.length).toBeGreaterThan(before);
    expect(new Set(asked)).toEqual(new Set([`127.0.0.1:${lab.ingest.port}`]));
  });

  it('is not spoken to where its certificate is of an unknown authority, and says no to a wrong account', async () => {
    const server = new URL(lab.url);
    const good = new URL(`https://ten:mat%20khau@${address}`);
    await expect(openSocket({ server, proxy: good })).rejects.toMatchObject({ step: 'proxy' });
    expect(asked).toEqual([]);
    const bad = new URL(`https://ten:sai@${address}`);
    await expect(openSocket({ server, proxy: bad, proxyCa: certificates.ca })).rejects.toThrow('407');
    const socket = await openSocket({ server, proxy: good, proxyCa: certificates.ca });
    socket.destroy();
    expect(asked).toHaveLength(2);
  });
});
