import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { zstdDecompressSync } from 'node:zlib';
import { stringify } from 'yaml';
import type { FrameHeader } from '../../ecs/wire.ts';
import { makeCertificates, temporaryFolder } from '../collector/receiver.ts';

// file → parsed → spooled (fdatasync) → sent over TLS to a sink that only counts. One JSON line:
// the collector's own process CPU, its peak memory and its rate. `node test/bench/collector.ts [LINES]`.
const total = Number(process.argv[2] ?? 200_000);
const folder = temporaryFolder();
const { ca, certificate, key, serverCertificate, serverKey } = makeCertificates(folder.path);

const lines: string[] = [];
for (let n = 0; n < total; n++) {
  const address = `203.0.${n % 113}.${(n * 7) % 251}`;
  const path = `/dich-vu/${n % 977}/ho-so?ma=${(n * 2_654_435_761) % 4_294_967_296}`;
  lines.push(
    `${address} - - [22/Nov/2026:10:${String(Math.floor(n / 6_000) % 60).padStart(2, '0')}:${String(Math.floor(n / 100) % 60).padStart(2, '0')} +0700] "GET ${path} HTTP/1.1" ${n % 13 === 0 ? 404 : 200} ${n % 50_000} "https://example.test/" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"`,
  );
}
const text = `${lines.join('\n')}\n`;
writeFileSync(join(folder.path, 'access.log'), text);

let received = 0;
let bytes = 0;
let done: () => void = () => undefined;
const finished = new Promise<void>((resolve) => {
  done = resolve;
});
const sink = createSecureServer({
  ca: readFileSync(ca),
  cert: readFileSync(serverCertificate),
  key: readFileSync(serverKey),
  requestCert: true,
});
sink.on('stream', (stream, headers) => {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('end', () => {
    let events = 0;
    if (headers[':path'] === '/v1/batches') {
      const body = Buffer.concat(chunks);
      const plain = zstdDecompressSync(body);
      const header = JSON.parse(plain.toString('utf8', 0, plain.indexOf(10))) as FrameHeader;
      events = header.last - header.first + 1;
      received += events;
      bytes += body.length;
    }
    stream.respond({ ':status': 200 });
    stream.end(JSON.stringify({ now: new Date().toISOString(), stored: events, duplicates: 0, deadLettered: 0 }));
    if (received >= total) done();
  });
});
await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve));
const config = {
  id: 'c0bench1',
  server: `https://127.0.0.1:${(sink.address() as AddressInfo).port}`,
  ca,
  certificate,
  key,
  spool: 'spool',
  inputs: [{ type: 'file', paths: ['access.log'] }],
};
writeFileSync(join(folder.path, 'collector.yaml'), stringify(config));

const cli = fileURLToPath(new URL('../../bin/cli.ts', import.meta.url));
const began = performance.now();
const child = spawn(process.execPath, [cli, 'collector', '--config', join(folder.path, 'collector.yaml')], {
  env: { ...process.env, HAIDANG_LOG_LEVEL: 'warn' },
  stdio: ['ignore', 'ignore', 'inherit'],
});
await finished;
const seconds = (performance.now() - began) / 1_000;
const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
const cpuSeconds = (Number(stat[11]) + Number(stat[12])) / 100;
const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1_024;
const ended = new Promise((resolve) => child.on('exit', resolve));
child.kill('SIGTERM');
await ended;
sink.close();
folder.remove();
console.log(
  JSON.stringify({
    events: total,
    bytesIn: Buffer.byteLength(text),
    bytesSent: bytes,
    seconds: Number(seconds.toFixed(2)),
    eventsPerSecond: Math.round(total / seconds),
    cpuSecondsPerMillion: Number(((cpuSeconds * 1e6) / total).toFixed(1)),
    peakRssMiB: Math.round(peak),
  }),
);
process.exit(0);
