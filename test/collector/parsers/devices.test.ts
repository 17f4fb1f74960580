import { describe, expect, it } from 'vitest';
import { parseRecord } from '../../../collector/commands/wrapped.ts';
import { parseLine } from '../../../collector/parsers/index.ts';
import { CONTEXT, parsed } from './fixtures.ts';

const ASA = '%ASA-6-605005: Login permitted from 192.0.2.1/1 to inside:192.0.2.2/ssh for user "root"';
const FORTIGATE =
  'date=2026-11-22 time=08:01:02 devname="fw9" devid="F1" logid="0000000013" type="traffic" subtype="forward" action="accept" srcip=192.0.2.1 dstip=192.0.2.2';
const AUDIT =
  'type=USER_LOGIN msg=audit(1795309262.123:1): pid=1 uid=0 msg=\'op=login acct="root" addr=192.0.2.1 res=success\'';
const PACKET = 'IN=eth0 OUT= SRC=192.0.2.1 DST=192.0.2.2 PROTO=TCP SPT=1 DPT=2';
const FLOW = '1795309262.123 1 192.0.2.1 TCP_MISS/200 1 GET http://a.example/ root HIER_DIRECT/192.0.2.2 text/html';

describe('a message of one program', () => {
  it.each([ASA, FORTIGATE, AUDIT, PACKET, FLOW])('never becomes another device’s by what it quotes: %s', (quoted) => {
    for (const line of [
      `Nov 22 08:01:02 web01 sshd[1]: Invalid user ${quoted} from 203.0.113.5 port 22`,
      `Nov 22 08:01:02 web01 backup[1]: ${quoted}`,
      `<13>Nov 22 08:01:02 web01 backup: ${quoted}`,
    ]) {
      const event = parsed(line, 'auto');
      expect(event).toMatchObject({ event: { module: 'system' }, host: { name: 'web01' } });
      expect((event['source'] as { ip?: string } | undefined)?.ip).not.toBe('192.0.2.1');
    }
    const named = parseLine(quoted, 'auto', { ...CONTEXT, program: 'backup', host: 'web01' });
    expect(named).toMatchObject({ event: { module: 'system' }, host: { name: 'web01' } });
  });
});

describe('a line that came through a relay', () => {
  it.each([
    [`Nov 22 08:01:02 relay1 ${FORTIGATE}`, 'fw9'],
    [`Nov 22 08:01:02 relay1 Nov 22 2026 08:01:01 fw8 : ${ASA}`, 'fw8'],
    [`Nov 22 08:01:02 fw7 : ${ASA}`, 'fw7'],
    [`Nov 22 08:01:02 fw7: ${ASA}`, 'fw7'],
    [`<166>2026-11-22T01:01:02Z fw7 : ${ASA}`, 'fw7'],
    [`<166>:Nov 22 2026 08:01:02 ICT: ${ASA}`, undefined],
    [`<166>Nov 22 2026 08:01:02: ${ASA}`, undefined],
    [`Nov 22 08:01:02 relay1 audispd: node=web9 ${AUDIT}`, 'web9'],
  ])('is of the host that it names itself: %s', (line, host) => {
    const event = parsed(line, 'auto') as { host?: { name: string }; event: { kind: string } };
    expect(event.event.kind).toBe('event');
    expect(event.host?.name).toBe(host);
    expect(event).toMatchObject({
      '@timestamp': expect.stringMatching(/^2026-11-22T01:01:0[12]/),
      event: { original: line },
    });
  });
});

describe('records that hold a message of their own', () => {
  const winlog = {
    '@timestamp': '2026-11-22T01:01:02.345Z',
    message: 'An account failed to log on.',
    winlog: {
      channel: 'Security',
      event_id: '4625',
      computer_name: 'pc-1',
      event_data: { TargetUserName: 'lan', IpAddress: '192.0.2.5', LogonType: '3', SubStatus: '0xC000006A' },
    },
  };

  it('are Windows events as a whole, by name as by auto', () => {
    for (const parser of ['windows', 'auto']) {
      expect(parseRecord(JSON.stringify(winlog), parser, CONTEXT, {})).toMatchObject({
        event: { code: '4625', outcome: 'failure', reason: 'the password is wrong' },
        user: { name: 'lan' },
        source: { ip: '192.0.2.5' },
        message: 'An account failed to log on.',
      });
    }
  });

  it('are read inside a message too', () => {
    const event = parseRecord(JSON.stringify({ message: JSON.stringify(winlog) }), 'windows', CONTEXT, {});
    expect(event).toMatchObject({ event: { code: '4625' }, user: { name: 'lan' } });
  });
});

describe('a number of the log', () => {
  it('tells failure from success though JSON rounds it', () => {
    const record = (Keywords: string) =>
      `{"EventID":4776,"Channel":"Security","Hostname":"dc1","Keywords":${Keywords},"TargetUserName":"lan"}`;
    expect(parsed(record('-9218868437227405312'), 'windows')).toMatchObject({ event: { outcome: 'failure' } });
    expect(parsed(record('-9214364837600034816'), 'windows')).toMatchObject({ event: { outcome: 'success' } });
    expect(parsed(record('-9223372036854775808'), 'windows')['event'] as object).not.toHaveProperty('outcome');
  });
});
