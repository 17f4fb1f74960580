import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fetchPage, MOST_BYTES } from '../../../collector/inputs/page-fetch.ts';
import { likeness, printOf, visibleWords } from '../../../collector/inputs/page-print.ts';
import { judge, type Site, WebCheckInput } from '../../../collector/inputs/web-check.ts';
import { findingOf, type SiteRecord, siteEvent } from '../../../collector/inputs/web-check-event.ts';
import { openBench } from '../bench.ts';
import { readEvents } from '../read-events.ts';
import { makeCertificates, temporaryFolder, until } from '../receiver.ts';

const WORDS = 'thông báo tuyển dụng viên chức năm học mới của sở giáo dục và đào tạo tỉnh về việc tiếp công dân'.split(
  ' ',
);
const article = (seed: number, length = 300) =>
  Array.from({ length }, (_, at) => WORDS[(at * 7 + seed * 13 + ((at * at) % 11)) % WORDS.length]).join(' ');
const pageOf = (body: string, title = 'Cổng thông tin điện tử') =>
  `<!doctype html><html><head><title>${title}</title><style>p{}</style><script>var t=${Math.random()}</script></head><body><h1>Cổng thông tin</h1><p>${body}</p></body></html>`;
const site = (url: string, more: Partial<Site> = {}): Site => ({
  url,
  everySeconds: 10,
  withinSeconds: 5,
  statuses: [],
  words: [],
  forbidden: [],
  ca: undefined,
  ...more,
});

describe('the print of a page', () => {
  test('is of what a reader sees: scripts, styles, comments, attributes and numbers change nothing', () => {
    const one = printOf('<p class="a">Lượt xem: 15.201</p><script>x(1)</script><!-- a --><p>Tin &amp; bài</p>');
    const other = printOf(
      '<p class="b" data-t="9">Lượt xem: 15.944</p><script>y()</script><p>Tin &amp; bài</p><style>p{}</style>',
    );
    expect(other.hash).toBe(one.hash);
    expect(visibleWords('<b>Sở&nbsp;Y tế</b> &#272;à')).toEqual(['sở', 'y', 'tế', 'đà']);
  });

  test('is alike where a part is new, and not where the page is another', () => {
    const before = printOf(pageOf(`${article(1)} ${article(2)}`));
    const news = printOf(pageOf(`${article(1)} bản tin mới hôm nay ${article(2)}`));
    const other = printOf(
      '<html><title>Owned</title><body>hacked by a crew that nobody knows, greetings to all</body></html>',
    );
    expect(likeness(before, news)).toBeGreaterThan(0.8);
    expect(likeness(before, other)).toBeLessThan(0.1);
    expect(likeness(before, before)).toBe(1);
  });

  test('takes any text, and its likeness lies between 0 and 1', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 400 }),
        fc.string({ unit: 'grapheme', maxLength: 400 }),
        (one, other) => {
          const alike = likeness(printOf(`<p>${one}`), printOf(other));
          expect(alike).toBeGreaterThanOrEqual(0);
          expect(alike).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});

describe('what a look found', () => {
  const checked = new Date('2026-11-22T01:00:00Z');
  const good = { milliseconds: 20, status: 200, body: Buffer.from(pageOf(article(1))) };
  const at = (more: Parameters<typeof judge>[1], options: Partial<Site> = {}, before = printOf(pageOf(article(1)))) =>
    judge(site('https://portal.example.gov.vn/', options), more, checked, before).record;

  test.each<[string, SiteRecord]>([
    ['site-up', at(good)],
    ['site-down', at({ milliseconds: 5, error: 'connect ECONNREFUSED' })],
    ['site-down', at({ milliseconds: 5, status: 503, body: Buffer.from('x') })],
    ['site-up', at({ ...good, status: 403 }, { statuses: [403] })],
    ['page-words', at(good, { words: ['Cổng Thông Tin', 'Liên hệ'] })],
    [
      'page-words',
      at({ ...good, body: Buffer.from(pageOf(`${article(1)} HACKED BY x`)) }, { forbidden: ['hacked by'] }),
    ],
    ['page-replaced', at({ ...good, body: Buffer.from('<p>an entirely other page than the one before') })],
    ['page-changed', at({ ...good, body: Buffer.from(pageOf(`${article(1)} thêm một câu`)) })],
    [
      'certificate-invalid',
      at({
        ...good,
        certificate: { subject: 'a', issuer: 'a', notAfter: '2027-11-22T00:00:00.000Z', fault: 'CERT_HAS_EXPIRED' },
      }),
    ],
    [
      'certificate-expiring',
      at({ ...good, certificate: { subject: 'a', issuer: 'b', notAfter: '2026-12-01T00:00:00.000Z' } }),
    ],
  ])('%s', (finding, record) => {
    expect(findingOf(record)).toBe(finding);
    const event = siteEvent(JSON.stringify(record), 0);
    expect(event).toMatchObject({
      '@timestamp': '2026-11-22T01:00:00.000Z',
      event: { module: 'webcheck', dataset: 'webcheck.site', action: finding },
      url: { domain: 'portal.example.gov.vn', path: '/' },
    });
  });

  test('an error page never becomes the page that the next look is compared with', () => {
    const { print } = judge(
      site('http://a.example/'),
      { milliseconds: 1, status: 500, body: Buffer.from('oops') },
      checked,
      undefined,
    );
    expect(print).toBeUndefined();
  });
});

describe('asking for a page', () => {
  let server: Server;
  let base = '';
  beforeEach(async () => {
    server = createServer((asked, answer) => {
      if (asked.url === '/moved') answer.writeHead(302, { location: '/page' }).end();
      else if (asked.url === '/loop') answer.writeHead(302, { location: '/loop' }).end();
      else if (asked.url === '/large') answer.end(Buffer.alloc(MOST_BYTES + 10_000, 120));
      else if (asked.url !== '/silent')
        answer.writeHead(200, { 'content-type': 'text/html' }).end('<title>T</title>hello');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  test('follows redirections, bounds bodies and time, and never rejects', async () => {
    expect(await fetchPage(`${base}/moved`, { withinMs: 5_000 })).toMatchObject({
      status: 200,
      finally: `${base}/page`,
      address: '127.0.0.1',
    });
    expect(await fetchPage(`${base}/loop`, { withinMs: 5_000 })).toMatchObject({ status: 302 });
    const large = await fetchPage(`${base}/large`, { withinMs: 5_000 });
    expect(large).toMatchObject({ cut: true });
    expect(large.body).toHaveLength(MOST_BYTES);
    expect((await fetchPage(`${base}/silent`, { withinMs: 200 })).error).toMatch(/no answer within 0.2 s/);
    expect((await fetchPage('http://127.0.0.1:1/', { withinMs: 2_000 })).error).toMatch(/ECONNREFUSED/);
  });

  test('tells of a certificate that nobody vouches for, and trusts the authority that was named', async () => {
    const folder = temporaryFolder();
    const files = makeCertificates(folder.path);
    const [cert, key] = [readFileSync(files.serverCertificate), readFileSync(files.serverKey)];
    const tls = createTlsServer({ cert, key }, (_, answer) => answer.end('hello'));
    await new Promise<void>((resolve) => tls.listen(0, '127.0.0.1', resolve));
    const url = `https://127.0.0.1:${(tls.address() as AddressInfo).port}/`;
    try {
      const unknown = await fetchPage(url, { withinMs: 5_000 });
      expect(unknown.status).toBe(200);
      expect(unknown.certificate?.fault).toMatch(/SELF_SIGNED|UNABLE_TO_VERIFY/);
      expect(Date.parse(unknown.certificate?.notAfter ?? '')).toBeGreaterThan(Date.now());
      const known = await fetchPage(url, { withinMs: 5_000, ca: readFileSync(files.ca, 'utf8') });
      expect(known.certificate?.fault).toBeUndefined();
    } finally {
      tls.closeAllConnections();
      tls.close();
      folder.remove();
    }
  });
});

describe('the input', () => {
  test('notices a page that was replaced while the collector was stopped', async () => {
    let body = pageOf(article(1));
    const server = createServer((_, answer) => answer.end(body));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const folder = temporaryFolder();
    const look = async () => {
      const bench = await openBench(folder.path);
      const input = new WebCheckInput({ sites: [site(url)] }, bench.context);
      await input.start();
      const { framed } = bench.ledger.source(`web-check:${url}`);
      await until('a look', () => bench.ledger.source(`web-check:${url}`).framed > framed);
      await input.stop();
      await bench.intake.flush();
      const events = await readEvents(bench.spool);
      await bench.spool.close();
      return events;
    };
    try {
      await look();
      body = '<title>x</title><body>owned by nobody, nothing of the old page is left in here at all</body>';
      const events = await look();
      expect(events.map(({ event }) => event.action)).toEqual(['site-up', 'page-replaced']);
      expect(events[1]?.['webcheck']).toMatchObject({ title: 'x', title_before: 'Cổng thông tin điện tử' });
    } finally {
      server.closeAllConnections();
      server.close();
      folder.remove();
    }
  });
});
