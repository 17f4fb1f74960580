import { AUDIT_EVENTS } from '../../../collector/inputs/audit-cutter.ts';
import type { Cutter } from '../../../collector/inputs/cutter.ts';
import { makeCutter } from '../../../collector/inputs/cutter.ts';
import { documentParser } from '../../../collector/inputs/document.ts';
import { HttpFault } from '../../../collector/inputs/http-body.ts';
import { parseBulk } from '../../../collector/inputs/http-bulk.ts';
import { readOtlp } from '../../../collector/inputs/http-otlp.ts';
import { plainRecords } from '../../../collector/inputs/http-plain.ts';
import { type CutLines, LineStream } from '../../../collector/inputs/lines.ts';
import { decodePacket } from '../../../collector/inputs/netflow-decode.ts';
import { flowEvent, flowLine } from '../../../collector/inputs/netflow-event.ts';
import { restoreTemplates, templatePosition } from '../../../collector/inputs/netflow-position.ts';
import { TemplateCache } from '../../../collector/inputs/netflow-templates.ts';
import { RelpFault, RelpFraming } from '../../../collector/inputs/relp-framing.ts';
import { SyslogFraming } from '../../../collector/inputs/syslog-framing.ts';
import { objectEvent, parseLine } from '../../../collector/parsers/index.ts';
import { parseToken } from '../../../ecs/enrolment.ts';
import { WIRE_LIMITS } from '../../../ecs/wire.ts';
import { CONTEXT } from '../parsers/fixtures.ts';
import { chunksOf } from './mutate.ts';
import { checkEvent } from './parser-targets.ts';
import { bulkRequest, FLOW_DATAGRAMS, otlpJson, otlpProtobuf } from './samples.ts';
import { mayRefuse, must, type Target } from './target.ts';

const text = (...parts: string[]) => parts.map((part) => Buffer.from(part));

/** Bytes that lines stand for: each as it was, or in base64 where it is no UTF-8. */
function bytesOf(cut: CutLines): number {
  return cut.lines.reduce(
    (sum, line, at) =>
      sum +
      Buffer.byteLength(
        cut.marks?.get(at)?.originalBase64 ?? line,
        cut.marks?.get(at)?.originalBase64 ? 'base64' : 'utf8',
      ),
    0,
  );
}

function streamTarget(name: string, seeds: readonly Buffer[], open: () => LineStream | SyslogFraming): Target {
  return {
    name,
    seeds,
    run(bytes, dice) {
      const stream = open();
      let given = 0;
      let lines = 0;
      const take = (cut: CutLines | undefined) => {
        if (!cut) return;
        given += bytesOf(cut);
        lines += cut.lines.length + cut.empty;
      };
      for (const chunk of chunksOf(bytes, dice)) {
        for (const cut of stream.push(chunk)) take(cut);
        must(stream.held <= WIRE_LIMITS.recordBytes + 16, `${stream.held} bytes are held`);
      }
      take(stream.flush(true));
      must(stream.held === 0, 'the end of the stream left bytes behind');
      must(given <= bytes.length && lines <= bytes.length, `${bytes.length} bytes became ${given} in ${lines} lines`);
    },
  };
}

function cutterTarget(name: string, seeds: readonly Buffer[], cutter: Cutter): Target {
  return {
    name: `file: ${name}`,
    seeds,
    run(bytes, dice) {
      let rest = bytes;
      let pieces = 0;
      let given = 0;
      for (let turns = 0; rest.length > 0; turns++) {
        must(turns < bytes.length + 2, 'a file is read without end');
        const isQuiet = dice.below(4) === 0;
        const step = cutter.next(rest.subarray(0, WIRE_LIMITS.recordBytes + 4_096), pieces, isQuiet);
        must(step.cut.consumed >= 0 && step.cut.consumed <= rest.length, 'more was taken than there is');
        given += step.cut.lines.length;
        pieces = step.pieces;
        if (step.cut.consumed === 0) {
          if (!isQuiet && cutter.waits && dice.below(2) === 0) continue;
          given += cutter.rest(rest, pieces).lines.length;
          break;
        }
        rest = rest.subarray(step.cut.consumed);
      }
      must(given <= bytes.length, `${bytes.length} bytes became ${given} records`);
      must(cutter.lastEnd(bytes) <= bytes.length, 'the last end is behind the end');
    },
  };
}

const line = (text: string, now: number) => parseLine(text, 'auto', { ...CONTEXT, now });
const json = Object.assign((text: string, now: number) => parseLine(text, 'json', { ...CONTEXT, now }), {
  ofObject: (object: Record<string, unknown>, text: string, now: number) =>
    objectEvent(object, text, 'json', { ...CONTEXT, now }),
});
const windows = (text: string, now: number) => parseLine(text, 'windows', { ...CONTEXT, now });
const document = documentParser({ line, json, windows });

function checkDocuments(documents: Iterable<Buffer>): void {
  for (const each of Iterator.from(documents).take(50)) {
    const record = each.subarray(0, WIRE_LIMITS.recordBytes).toString('utf8');
    checkEvent(document(record, CONTEXT.now), record.length);
  }
}

function netflowTarget(): Target {
  const templates = new TemplateCache();
  return {
    name: 'NetFlow and IPFIX',
    seeds: FLOW_DATAGRAMS,
    run(bytes, dice) {
      const datagram = bytes.subarray(0, 65_507);
      const packet = decodePacket(datagram, `192.0.2.${dice.below(3)}:2055`, templates);
      if (!packet) return;
      must(packet.flows.length <= datagram.length, 'more flows than bytes');
      must(packet.malformed + packet.unknownSets <= datagram.length, 'more faults than bytes');
      for (const flow of packet.flows.slice(0, 20)) {
        const said = flowLine(packet, flow, '192.0.2.1:2055');
        must(said.length <= 20 * datagram.length + 4_096, `a flow of ${said.length} characters`);
        checkEvent(flowEvent(said, CONTEXT.now), said.length);
      }
      must(templates.size <= 3 * 1_024 * 256, 'templates without bound');
      if (dice.below(200) > 0) return;
      const again = new TemplateCache();
      restoreTemplates(again, JSON.parse(JSON.stringify(templatePosition(templates))));
      must(again.size <= templates.size, 'a position brought templates that were not there');
    },
  };
}

/** Everything that takes bytes apart before a parser sees them. */
export function decoderTargets(): Target[] {
  const syslog = text(
    '<13>Nov 22 10:00:00 h app: một dòng\n<14>1 2026-11-22T10:00:00Z h app 1 - - hai\n',
    '36 <13>Nov 22 10:00:00 host app: counted17 <13>and this one\n',
    '2026-11-22 10:00 one\n5 apples\n99999999999 <13>x\n',
  );
  const audit = text(
    'type=SYSCALL msg=audit(1795309262.123:1): arch=c000003e\ntype=CWD msg=audit(1795309262.123:1): cwd="/"\n' +
      'type=PROCTITLE msg=audit(1795309262.123:1): proctitle=6C73\ntype=USER_LOGIN msg=audit(1795309262.124:2): pid=1\n',
  );
  const java = text('2026-11-22 10:00:00 ERROR a\n\tat b.c.D\n\tat e.f.G\n2026-11-22 10:00:01 INFO hai ộ\n');
  return [
    streamTarget('lines of a stream', syslog, () => new LineStream()),
    streamTarget('syslog frames', syslog, () => new SyslogFraming()),
    cutterTarget('lines', java, makeCutter({ encoding: 'utf-8', start: undefined })),
    cutterTarget('records of several lines', java, makeCutter({ encoding: 'utf-8', start: '^\\d{4}-' })),
    cutterTarget(
      'UTF-16',
      java.map((each) => Buffer.from(each.toString('utf8'), 'utf16le')),
      makeCutter({ encoding: 'utf-16le', start: '^\\d{4}-' }),
    ),
    cutterTarget('UTF-16 the other way round', java, makeCutter({ encoding: 'utf-16be', start: undefined })),
    cutterTarget('windows-1258', java, makeCutter({ encoding: 'windows-1258', start: undefined })),
    cutterTarget('audit events', audit, AUDIT_EVENTS),
    {
      name: 'RELP frames',
      seeds: text(
        '1 open 14 relp_version=0\n2 syslog 30 <13>Nov 22 10:00:00 h app: một\n3 close 0\n',
        '9 syslog 5 a\nb c\n',
      ),
      run(bytes, dice) {
        const framing = new RelpFraming();
        let given = 0;
        mayRefuse(RelpFault, () => {
          for (const chunk of chunksOf(bytes, dice)) {
            for (const frame of framing.push(chunk)) {
              given += frame.data.length + 1;
              must(/^\d{1,9}$/.test(frame.transaction), 'a transaction is no number');
            }
          }
        });
        must(given <= bytes.length, `${bytes.length} bytes became ${given}`);
      },
    },
    netflowTarget(),
    {
      name: 'OTLP in protobuf',
      seeds: [otlpProtobuf()],
      run(bytes) {
        const read = mayRefuse(HttpFault, () => readOtlp(bytes, 'application/x-protobuf'));
        if (!read) return;
        must(read.accepted + read.rejected <= bytes.length, 'more records than bytes');
        checkDocuments(read.documents);
      },
    },
    {
      name: 'OTLP in JSON',
      seeds: [Buffer.from(otlpJson())],
      run(bytes) {
        const read = mayRefuse(HttpFault, () => readOtlp(bytes, 'application/json'));
        if (read) checkDocuments(read.documents);
      },
    },
    {
      name: 'bulk requests',
      seeds: [Buffer.from(bulkRequest())],
      run(bytes) {
        const read = mayRefuse(HttpFault, () => parseBulk(bytes, 'events'));
        if (!read) return;
        const kept = read.items.filter(({ refused }) => refused === undefined);
        must(kept.length === read.documents.length, 'an item has no document, or a document no item');
        checkDocuments(read.documents);
      },
    },
    {
      name: 'plain requests',
      seeds: text('{"message":"một","level":"warn"}', '[{"a":1},"line",3,null]', 'one line\r\ntwo\n'),
      run(bytes, dice) {
        const type = dice.pick(['application/json', 'text/plain', 'application/x+json']);
        const records = mayRefuse(HttpFault, () => [...plainRecords(bytes, type)]);
        if (!records) return;
        must(records.length <= bytes.length, 'more records than bytes');
        checkDocuments(records);
      },
    },
    {
      name: 'tokens of enrolment',
      seeds: text(`hd1.${'a'.repeat(16)}.${'b'.repeat(43)}.${'c'.repeat(64)}`),
      run(bytes) {
        parseToken(bytes.toString('utf8'));
      },
    },
  ];
}
