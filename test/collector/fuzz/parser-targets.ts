import { isDeepStrictEqual } from 'node:util';
import { journalEvent, readJournalEntry } from '../../../collector/inputs/journal-entry.ts';
import { printOf } from '../../../collector/inputs/page-print.ts';
import { lineText, PARSER_NAMES, parseLine } from '../../../collector/parsers/index.ts';
import type { EcsEvent } from '../../../ecs/event.ts';
import { WIRE_LIMITS } from '../../../ecs/wire.ts';
import { CONTEXT, fixtures } from '../parsers/fixtures.ts';
import { must, type Target } from './target.ts';

const ID = '20261122-c0test01-5f0a3b1c-7-';
/** An event says a line several times (original, message, fields), and JSON writes some characters in six bytes. */
const GROWTH = 40;
const ROOM = 64 * 1024;

/** What holds of every event, whatever it was made from. */
export function checkEvent(event: EcsEvent, given: number): void {
  const time = event['@timestamp'];
  must(new Date(time).toISOString() === time, `@timestamp is ${time}`);
  const text = JSON.stringify(event);
  must(typeof text === 'string', 'the event is no JSON');
  must(text.length <= GROWTH * given + ROOM, `${given} characters became ${text.length}`);
  must(Object.getPrototypeOf(event) === Object.prototype, 'the event has another prototype');
  must(!Object.hasOwn(event, '__proto__'), 'a field is named __proto__');
}

function asLine(bytes: Buffer): string {
  return bytes.subarray(0, WIRE_LIMITS.recordBytes).toString('utf8');
}

function parserTarget(name: string, seeds: readonly Buffer[]): Target {
  return {
    name: `parser ${name}`,
    seeds,
    run(bytes) {
      const line = asLine(bytes);
      const event = parseLine(line, name, CONTEXT);
      checkEvent(event, line.length);
      if (!line.includes('original')) must(event.event.original === line, 'the line was not kept');
      const hint = {};
      if (name === 'auto') parseLine(line, name, CONTEXT, hint);
      const text = lineText(line, name, CONTEXT, ID, hint);
      if (text === undefined) return;
      const atOnce = JSON.parse(text) as EcsEvent;
      must(String(atOnce.event['id']).startsWith(ID), 'the text written at once has another id');
      const slowly = JSON.parse(JSON.stringify(event)) as EcsEvent;
      slowly.event['id'] = atOnce.event['id'] as string;
      must(isDeepStrictEqual(atOnce, slowly), 'the text written at once says something else than the event');
    },
  };
}

/** Every parser of the table and `auto`, and what reads texts that are no lines: entries of the journal, web pages. */
export function parserTargets(): Target[] {
  const all = fixtures();
  const everything = all.flatMap(({ lines }) => lines).map((line) => Buffer.from(line));
  const seedsOf = (name: string) => {
    const own = all.find(({ parser }) => parser === name)?.lines.map((line) => Buffer.from(line)) ?? [];
    return own.length > 0 ? own : everything;
  };
  return [
    ...['auto', ...PARSER_NAMES].map((name) => parserTarget(name, seedsOf(name))),
    {
      name: 'entries of the journal',
      seeds: ['Failed password for root from 203.0.113.9 port 4022 ssh2', [104, 105, 255], null, ['a', 'b']].map(
        (message) =>
          Buffer.from(
            JSON.stringify({
              __CURSOR: 's=1;i=2',
              __REALTIME_TIMESTAMP: '1763780400000000',
              SYSLOG_IDENTIFIER: 'sshd',
              _PID: '77',
              PRIORITY: '6',
              MESSAGE: message,
            }),
          ),
      ),
      run(bytes) {
        const entry = readJournalEntry(asLine(bytes));
        if (!entry) return;
        const parse = (line: string, now: number, program?: string) =>
          parseLine(line, 'auto', { ...CONTEXT, now, ...(program === undefined ? {} : { program }) });
        const message = typeof entry['MESSAGE'] === 'string' ? entry['MESSAGE'] : 'x';
        checkEvent(journalEvent(entry, message, CONTEXT.now, parse), bytes.length);
      },
    },
    {
      name: 'web pages',
      seeds: [
        '<!doctype html><html><head><title>Cổng thông tin</title><style>a{}</style></head><body><!-- x --><h1>Tin tức</h1>' +
          '<script>var a = "<b>";</script><p>Thủ tục &amp; dịch vụ &#272;&#x1ea5;t</p></body></html>',
      ].map((text) => Buffer.from(text)),
      run(bytes) {
        const print = printOf(bytes.toString('utf8'));
        must(print.sketch.length <= 128 && print.title.length <= 200, 'a print grew with its page');
      },
    },
  ];
}
