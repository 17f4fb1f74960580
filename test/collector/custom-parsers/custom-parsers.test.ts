import { describe, expect, it } from 'vitest';
import { checkParser } from '../../../collector/custom-parsers/check.ts';
import { tryLine } from '../../../collector/custom-parsers/try.ts';
import { type OwnParsers, parseLine } from '../../../collector/parsers/index.ts';
import { DOCUMENTS, documentOf, parserOf, problemsOf } from './documents.ts';

const CONTEXT = { now: Date.UTC(2026, 10, 23), timeZone: 'Asia/Ho_Chi_Minh' };
const SAMPLES = `samples:
  - {line: 'one two', expect: {testapp.a: one}}
  - {line: 'three four', expect: {testapp.a: three}}
`;
const PLAIN = documentOf(`steps: [{dissect: '%{a} %{b}'}]\nfields: {a: testapp.a, b: user.name}\n${SAMPLES}`);

function own(...texts: string[]): OwnParsers {
  const all = texts.map(parserOf);
  return { byName: new Map(all.map((one) => [one.name, one])), matching: all.filter((one) => one.isMatching) };
}

/** Reads a line with a document's steps and fields; the samples are left to fail. */
function read(parts: string, line: string) {
  const parser = parserOf(documentOf(`${parts}\n${SAMPLES}`));
  return parser.parse(line, CONTEXT) ?? parser.why();
}

describe('the example documents', () => {
  it.each(DOCUMENTS)('%s is right, and does with its samples as it says', (_name, text) => {
    expect(problemsOf(text)).toEqual([]);
    expect(checkParser(text).remarks).toEqual([]);
  });

  it('a sample that does not hold is named with its line and what came instead', () => {
    const wrong = PLAIN.replace('testapp.a: three', 'testapp.a: four');
    expect(problemsOf(wrong)).toEqual([
      '8:1 Sample 2: "testapp.a" should be "four", and it is "three". Correct the parser or the sample; try the line to see what becomes of it.',
    ]);
    expect(
      problemsOf(PLAIN.replace("'three four', expect: {testapp.a: three}", "'three four', fails: true"))[0],
    ).toContain('at least two samples');
    expect(problemsOf(PLAIN.replace("line: 'one two'", 'line: one'))[0]).toContain('does not come behind %{a}');
  });
});

describe('an event of a custom parser', () => {
  it('has module, data set, original, constants and related like those of built-in ones', () => {
    expect(parseLine('one an', 'test-parser', { ...CONTEXT, host: 'web01' }, undefined, own(PLAIN))).toEqual({
      '@timestamp': '2026-11-23T00:00:00.000Z',
      event: { kind: 'event', module: 'testapp', dataset: 'testapp.log', original: 'one an' },
      message: 'one an',
      host: { name: 'web01', hostname: 'web01' },
      testapp: { a: 'one' },
      user: { name: 'an' },
      related: { user: ['an'], hosts: ['web01'] },
    });
  });

  it('of a line that does not fit is kept with the reason', () => {
    expect(parseLine('one', 'test-parser', CONTEXT, undefined, own(PLAIN))).toMatchObject({
      event: { kind: 'pipeline_error', original: 'one' },
      error: {
        message:
          'The parser test-parser does not understand this line. step 1 (dissect): " " does not come behind %{a}.',
      },
    });
  });

  it('under a syslog header takes host, program and time from it, and reads the message alone', () => {
    const event = parseLine(
      '<134>Nov 22 08:01:02 app01 payd[7]: one an',
      'test-parser',
      CONTEXT,
      undefined,
      own(PLAIN),
    );
    expect(event).toMatchObject({
      '@timestamp': '2026-11-22T01:01:02.000Z',
      event: { dataset: 'testapp.log', original: '<134>Nov 22 08:01:02 app01 payd[7]: one an' },
      host: { name: 'app01' },
      process: { name: 'payd', pid: 7 },
      message: 'one an',
      testapp: { a: 'one' },
    });
    const off = own(PLAIN.replace('steps:', 'syslog: false\nsteps:'));
    expect(parseLine('<134>Nov 22 08:01:02 app01 payd: x', 'test-parser', CONTEXT, undefined, off)).toMatchObject({
      testapp: { a: '<134>Nov' },
    });
  });

  it('is found by auto only where its literal stands, and never before a built-in parser', () => {
    const matching = own(PLAIN.replace('steps:', 'match: two words\nsteps:'));
    const auto = (line: string, parsers = matching) => parseLine(line, 'auto', CONTEXT, {}, parsers).event.dataset;
    expect(auto('x two words')).toBe('testapp.log');
    expect(auto('x three words')).toBeUndefined();
    expect(auto('x two words', own(PLAIN))).toBeUndefined();
    expect(auto('Nov 22 08:01:02 app01 payd[7]: x two words')).toBe('testapp.log');
    const ssh = 'Nov 22 08:01:02 web01 sshd[1]: Failed password for an from 203.0.113.5 port 22 ssh2 two words';
    expect(auto(ssh)).toBe('system.auth');
  });
});

describe('steps', () => {
  it('dissect joins, leaves out and skips what is asked, and keeps the rest in the last piece', () => {
    const parts = (form: string) => `steps: [{dissect: '${form}'}]\nfields: {a: testapp.a, b: testapp.b}`;
    const of = (form: string, line: string) => {
      const event = read(parts(form), line);
      return typeof event === 'string' ? event : event['testapp'];
    };
    expect(of('%{a} %{+a} %{b}', '22/11 08:14 rest of it')).toEqual({ a: '22/11 08:14', b: 'rest of it' });
    expect(of('%{a->} %{b}', 'x    y')).toEqual({ a: 'x', b: 'y' });
    expect(of('%{?q} %{a} %{} %{b}', '1 2 3 4')).toEqual({ a: '2', b: '4' });
    expect(of('[%{a}] "%{b}"', '[x] "say "this""')).toEqual({ a: 'x', b: 'say "this"' });
    expect(of('[%{a}] %{b}', 'x] y')).toContain('it does not begin with "["');
    expect(of('%{a} [%{b}]', 'x [y] z')).toContain('it does not end with "]"');
  });

  it('kv reads quoted values, other separators, and the first of a name', () => {
    const of = (kv: string, line: string) => {
      const event = read(`steps: [{kv: ${kv}}]\nfields: {a: testapp.a, b: testapp.b}`, line);
      return typeof event === 'string' ? event : event['testapp'];
    };
    expect(of('{}', 'x a=1 b="two \\"words\\"" a=3')).toEqual({ a: '1', b: 'two "words"' });
    expect(of("{pairs: ';', values: ': '}", 'a: 1; b: "x;y" ;c: 2')).toEqual({ a: '1', b: 'x;y' });
    expect(of("{pairs: '&', values: '='}", '__proto__=1&a=%20&b')).toEqual({ a: '%20' });
    expect(of('{}', 'nothing here')).toContain('no pair');
  });

  it('a step is left out where its condition does not hold, and sets its constants where it reads', () => {
    const parts = `steps:
  - dissect: '%{verb} %{rest}'
  - dissect: 'by %{user}'
    from: rest
    when: {from: verb, is: [LOGIN, LOGOUT]}
    set: {event.category: authentication}
  - kv: {}
    from: rest
    when: {contains: '='}
    optional: true
    set: {event.action: pairs}
fields: {verb: testapp.verb, user: user.name, a: testapp.a}`;
    expect(read(parts, 'LOGIN by an')).toMatchObject({ event: { category: ['authentication'] }, user: { name: 'an' } });
    expect(read(parts, 'OTHER a=1')).toMatchObject({ event: { action: 'pairs' }, testapp: { a: '1', verb: 'OTHER' } });
    expect(read(parts, 'OTHER by an')).not.toHaveProperty('user');
    expect(read(parts, 'LOGIN an')).toBe('step 2 (dissect): it does not begin with "by ".');
  });

  it('the first of several patterns that fits the whole line holds', () => {
    const parts = `steps:
  - grok: ['%{INT:n} %{WORD:a}', '%{WORD:a}=%{GREEDYDATA:b}']
fields: {n: {to: testapp.n, type: long}, a: testapp.a, b: testapp.b}`;
    expect(read(parts, '17 x')).toMatchObject({ testapp: { n: 17, a: 'x' } });
    expect(read(parts, 'k=v w')).toMatchObject({ testapp: { a: 'k', b: 'v w' } });
    expect(read(parts, '17 x y')).toContain('none of the 2 patterns fits');
  });
});

describe('values', () => {
  const one = (field: string, line: string) => {
    const event = read(`steps: [{dissect: '%{v}|'}]\nfields: {v: ${field}}`, `${line}|`);
    if (typeof event === 'string') return event;
    const { '@timestamp': _, event: __, message: ___, related: ____, ...rest } = event;
    return rest;
  };
  const time = (format: string, line: string) => {
    const event = read(
      `steps: [{dissect: '%{v}|'}]\nfields: {v: {to: '@timestamp', formats: ['${format}']}}`,
      `${line}|`,
    );
    return typeof event === 'string' ? event : event['@timestamp'];
  };

  it.each([
    ['source.port', '443', { source: { port: 443 } }],
    ['source.port', 'https', {}],
    ['source.ip', '[2001:db8::1]', { source: { ip: '2001:db8::1' } }],
    ['source.ip', 'host', {}],
    ['user.name', '-', {}],
    ['{to: user.name, nothing: ["null", N/A]}', 'N/A', {}],
    ['{to: user.name, upper: true}', 'an', { user: { name: 'AN' } }],
    ['{to: testapp.flag, type: boolean}', 'Yes', { testapp: { flag: true } }],
    ['{to: testapp.part, type: double}', '-1.25', { testapp: { part: -1.25 } }],
    ['{to: tags, split: ","}', 'a, b,,a', { tags: ['a', 'b'] }],
    [
      '{to: destination, type: endpoint}',
      'db.example:5432',
      { destination: { address: 'db.example', domain: 'db.example', port: 5432 } },
    ],
    [
      '{to: url, type: url}',
      'https://a.example/x?y=1',
      { url: { original: 'https://a.example/x?y=1', scheme: 'https', domain: 'a.example', query: 'y=1', path: '/x' } },
    ],
    ['{to: event.severity, map: {high: 1}, otherwise: 4}', 'low', {}],
    ['host.name', 'app01', { host: { name: 'app01', hostname: 'app01' } }],
  ])('%s of %j', (field, line, wanted) => {
    expect(one(field, line)).toEqual(wanted);
  });

  it.each([
    ['yyyy-MM-dd HH:mm:ss.SSS', '2026-11-22 08:14:15.5', '2026-11-22T01:14:15.500Z'],
    ['dd/MM/yyyy hh:mm:ss a', '22/11/2026 08:14:15 CH', '2026-11-22T13:14:15.000Z'],
    ['dd/MM/yyyy hh:mm:ss a', '22/11/2026 12:00:00 am', '2026-11-21T17:00:00.000Z'],
    ['MMM d HH:mm:ss', 'Nov 22 08:14:15', '2026-11-22T01:14:15.000Z'],
    ['MMM d HH:mm:ss', 'Dec 31 08:14:15', '2025-12-31T01:14:15.000Z'],
    ['dd-MMM-yy HH:mm', '22-NOV-26 08:14', '2026-11-22T01:14:00.000Z'],
    ["yyyy-MM-dd''T''HH:mm:ssZ", '2026-11-22T08:14:15-03:30', '2026-11-22T11:44:15.000Z'],
    ['unix', '1795309262.5', '2026-11-22T01:01:02.500Z'],
    ['iso8601', '2026-11-22T08:14:15Z', '2026-11-22T08:14:15.000Z'],
  ])('a time %s of %j', (format, line, wanted) => {
    expect(time(format, line)).toBe(wanted);
  });

  it('a time that is none makes the line one that is not understood', () => {
    expect(time('yyyy-MM-dd', '2026-13-01')).toBe('The time in "v" is of no form that "formats" lists: "2026-13-01".');
    expect(time('yyyy-MM-dd', '2026-02-30')).toContain('of no form');
    expect(time('yyyy-MM-dd HH:mm', '2026-02-03 24:00')).toContain('of no form');
  });

  it('what no field took is told to the author, with the reason', () => {
    const checked = checkParser(
      documentOf(
        `steps: [{dissect: '%{a} %{b}'}]\nfields: {a: source.ip, b: {to: event.outcome, map: {OK: success}}}\n${SAMPLES}`,
      ),
    );
    expect(tryLine(checked, 'host MAYBE', CONTEXT)?.left).toEqual([
      { name: 'a', field: 'source.ip', why: 'it is no value of type ip' },
      { name: 'b', field: 'event.outcome', why: 'its value is not listed in "map"' },
    ]);
  });

  it('where a pattern ends to fit is told with its place and part', () => {
    const checked = checkParser(
      documentOf(
        `steps: [{grok: '%{WORD:a} \\[%{INT:n}\\] %{GREEDYDATA:b}'}]\nfields: {a: testapp.a, n: testapp.n, b: testapp.b}\n${SAMPLES}`,
      ),
    );
    expect(tryLine(checked, 'x [y] z', CONTEXT)).toMatchObject({ stopsAt: { column: 4, part: 'n' }, event: undefined });
    expect(tryLine(checked, 'x (y] z', CONTEXT)?.stopsAt).toEqual({ column: 2, part: ' [' });
  });
});

describe('a document that is wrong', () => {
  const with_ = (parts: string) => problemsOf(documentOf(`${parts}\n${SAMPLES}`));
  const step = "steps: [{dissect: '%{a} %{b}'}]";

  it.each([
    ['fields: {a: agent.id}', '5:13 "agent.id" is set by the collector and the server alone'],
    ['fields: {a: organization.id}', '"organization.id" is set by'],
    ['fields: {a: event.ingested}', '"event.ingested" is set by'],
    ['fields: {a: event.id}', '"event.id" is set by'],
    ['fields: {a: haidang.peer}', '"haidang.peer" is set by'],
    ['fields: {a: source.adress}', 'ECS has no field "source.adress"'],
    ['fields: {a: other.thing}', '"other.thing" is no field of ECS, nor one below "testapp"'],
    ['fields: {a: source}', '"source"'],
    ['fields: {a: testapp.__proto__.x}', 'is no name of a field'],
    ['fields: {a: {to: source.ip, type: long}}', '"source.ip" is of type ip in ECS'],
    ['fields: {a: {to: event.category, map: {x: webb}}}', '"webb" is not a value of event.category; there are api,'],
    ['fields: {c: testapp.c}', 'No step gives a value named "c"'],
    ["fields: {a: {to: '@timestamp', formats: [yyyy-mm-dd]}}", '"yyyy-mm-dd" cannot be used: a time needs a month'],
    ['fields: {a: {to: testapp.a, lowr: true}}', '"lowr" is not known in "a"'],
    ['constants: {event.outcome: good}\nfields: {a: testapp.a}', '"good" is not a value of event.outcome'],
    ['constants: {source.port: x}\nfields: {a: testapp.a}', '"x" is no value of type long'],
  ])('%s', (parts, wanted) => {
    const [first] = with_(`${step}\n${parts}`);
    expect(first).toContain(wanted);
  });

  it.each([
    ["steps: [{grok: '%{IPP:a}'}]", 'There is no pattern IPP; did you mean'],
    ["steps: [{grok: '%{IP:a:int}'}]", 'types belong to "fields"'],
    ["steps: [{regex: '(?<a>x'}]", '4:24 A "(" is never closed'],
    ["steps: [{regex: '(?<a>x)(?=y)'}]", 'ook-around'],
    ["steps: [{regex: '((?<a>x),)*'}]", 'stands inside a part that may come several times'],
    ["steps: [{dissect: '%{a}%{b}'}]", 'nothing between them'],
    ["steps: [{dissect: 'x'}]", 'at least one %{name}'],
    ["steps: [{grok: '%{A:a}'}]\npatterns: {A: '%{B}', B: '%{A}'}", 'in a circle'],
    ["steps: [{dissect: '%{a}', json: {}}]", 'exactly one of'],
    ["steps: [{csv: {columns: [a], separator: '##'}}]", 'one character'],
    ["steps: [{dissect: '%{a} %{b}', from: nowhere}]", 'No step gives a value named "nowhere"'],
    ['steps: []', '"steps" is missing'],
  ])('%s', (parts, wanted) => {
    expect(with_(`${parts}\nfields: {a: testapp.a}`).join('\n')).toContain(wanted);
  });

  it.each([
    ['name: test-parser', 'name: nginx', '1:7 "nginx" is a built-in parser'],
    ['name: test-parser', 'name: Test', 'is no name of a parser'],
    ['dataset: testapp.log', 'dataset: source.log', '"source" is a name of ECS'],
    ['dataset: testapp.log', 'dataset: haidang.log', '"haidang" is a name of ECS'],
    ['dataset: testapp.log', 'dataset: testapp', 'not of the form'],
    ['title: A test', 'titel: A test', '"titel" is not known in a parser'],
    ['title: A test', 'title: [', 'Not YAML'],
    ['steps:', 'match: ab\nsteps:', 'too short'],
    ['steps:', 'time_zone: Hanoi\nsteps:', 'no time zone'],
  ])('%s made %s', (before, after, wanted) => {
    expect(problemsOf(PLAIN.replace(before, after)).join('\n')).toContain(wanted);
  });

  it('may be of any size and depth, and is refused in a sentence', () => {
    expect(problemsOf('x'.repeat(70_000))[0]).toContain('longer than 65536 characters');
    expect(problemsOf('[1]')[0]).toContain('A parser is a map');
    expect(problemsOf('')[0]).toContain('A parser is a map');
    expect(problemsOf(`a: ${'['.repeat(5_000)}`)).not.toEqual([]);
    expect(problemsOf(documentOf(`steps:\n${"  - dissect: '%{a} %{b}'\n".repeat(30)}`)).join()).toContain(
      'more than 20',
    );
  });
});
