import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CutLines } from '../../collector/inputs/lines.ts';
import { LineStream } from '../../collector/inputs/lines.ts';
import { SyslogFraming } from '../../collector/inputs/syslog-framing.ts';

interface Framer {
  push(chunk: Buffer): Iterable<CutLines>;
  flush(truncated: boolean): CutLines | undefined;
}

/** Feeds bytes in chunks of the given sizes and gives the records. */
function run(framer: Framer, bytes: Buffer, sizes: readonly number[]): { lines: string[]; truncated: number } {
  const lines: string[] = [];
  let truncated = 0;
  const take = (cut: CutLines | undefined) => {
    for (const mark of cut?.marks?.values() ?? []) if (mark.truncated) truncated++;
    lines.push(...(cut?.lines ?? []));
  };
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? 1);
    for (const cut of framer.push(bytes.subarray(at, at + size))) take(cut);
    at += size;
  }
  take(framer.flush(true));
  return { lines, truncated };
}

const message = fc
  .string({ unit: fc.constantFrom('a', 'ộ', ' ', '<', '7', '\n', ':'), minLength: 0, maxLength: 40 })
  .map((text) => `<13>Nov 22 10:00:00 host app: x${text}x`);
const sizes = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 5 });

test('octet counting gives every message as it was, however the stream is cut', () => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 20 }), sizes, fc.boolean(), (messages, cuts, newlines) => {
      const stream = Buffer.from(messages.map((m) => `${Buffer.byteLength(m)} ${m}${newlines ? '\n' : ''}`).join(''));
      expect(run(new SyslogFraming(), stream, cuts)).toEqual({ lines: messages, truncated: 0 });
    }),
  );
});

test('lines give every message, also beside counted ones on the same connection', () => {
  const line = message.map((text) => text.replaceAll('\n', ' '));
  fc.assert(
    fc.property(fc.array(fc.tuple(line, fc.boolean()), { minLength: 1, maxLength: 20 }), sizes, (messages, cuts) => {
      const stream = messages.map(([m, counted]) => (counted ? `${Buffer.byteLength(m)} ${m}` : `${m}\n`)).join('');
      expect(run(new SyslogFraming(), Buffer.from(stream), cuts).lines).toEqual(messages.map(([m]) => m));
    }),
  );
});

test('a line that begins with a number is a line', () => {
  const stream = Buffer.from('2026-11-22 10:00 one\n5 apples\n99999999999 <13>x\n12<13>y\n');
  const lines = ['2026-11-22 10:00 one', '5 apples', '99999999999 <13>x', '12<13>y'];
  expect(run(new SyslogFraming(), stream, [1_000]).lines).toEqual(lines);
  expect(run(new SyslogFraming(), stream, [1]).lines).toEqual(lines);
});

test('a counted message of 1 MB comes in pieces that make it up; one cut off is marked', () => {
  const long = `<13>${'ộ'.repeat(350_000)}`;
  const stream = Buffer.from(`${Buffer.byteLength(long)} ${long}20 <13>short message...9 <13>cut`);
  const { lines, truncated } = run(new SyslogFraming(), stream, [65_536]);
  expect(lines.slice(0, -2).join('')).toBe(long);
  expect(lines.slice(-2)).toEqual(['<13>short message...', '<13>cut']);
  expect(truncated).toBe(1);
});

test('any bytes in any cuts: no byte is held for ever, memory stays bounded, text without newlines is the same', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3_000 }), sizes, (bytes, cuts) => {
      for (const framer of [new SyslogFraming(), new LineStream()]) {
        const stream = Buffer.from(bytes);
        const { lines } = run(framer, stream, cuts);
        expect(framer.held).toBe(0);
        if (framer instanceof LineStream) {
          const expected = stream
            .toString('latin1')
            .split('\n')
            .map((line) => line.replace(/\r$/, ''))
            .filter((line) => line !== '');
          expect(lines.length).toBe(expected.length);
        }
      }
    }),
  );
});
