import { DatabaseSync } from 'node:sqlite';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { TermDictionary } from '../../../server/store/embedded/dictionary.ts';

// The engine keeps a whole text for each part of it that is cut out: a dictionary of parts would hold every line of a day.
test('a dictionary does not hold on to the lines that its values were cut from', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const db = new DatabaseSync(':memory:');
  db.exec('CREATE TABLE term (field INTEGER, id INTEGER, value TEXT, PRIMARY KEY (field, id)) WITHOUT ROWID');
  const dictionary = new TermDictionary(db, 0);
  collect();
  const before = process.memoryUsage().heapUsed;
  const values = 2_000;
  for (let at = 0; at < values; at++) {
    const line = Buffer.from(`"a-value-of-some-length-${at}" ${'x'.repeat(10_000)}`).toString('latin1');
    dictionary.idOf(line.slice(0, line.indexOf(' ')));
  }
  dictionary.commit();
  collect();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(values * 1_000);
  expect(dictionary.idOf('"a-value-of-some-length-7"')).toBe(dictionary.idOf('"a-value-of-some-length-7"'));
  db.close();
});
