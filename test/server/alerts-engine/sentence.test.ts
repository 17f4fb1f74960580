import { describe, expect, it } from 'vitest';
import type { Language } from '../../../rules/rule.ts';
import { DEFAULT_EXTENSION } from '../../../rules/sigma/extension.ts';
import { alertSentence } from '../../../server/alerts/sentence.ts';

function say(sentence: string, count: number, language: Language = 'en'): string | undefined {
  const extension = { ...DEFAULT_EXTENSION, sentences: { [language]: sentence } };
  const entities = { 'source.ip': { values: ['203.0.113.7', '203.0.113.8'], total: 3 } };
  return alertSentence({ extension }, { count, group: { 'host.name': 'web-1' }, entities }, language);
}

describe('the sentence of an alert', () => {
  it('takes the word that fits the number, with the forms of the language', () => {
    const sentence = 'Refused {count time|times} on {host.name}.';
    expect(say(sentence, 1)).toBe('Refused 1 time on web-1.');
    expect(say(sentence, 2)).toBe('Refused 2 times on web-1.');
    expect(say(sentence, 0)).toBe('Refused 0 times on web-1.');
    expect(say(sentence, 1_500)).toBe('Refused 1,500 times on web-1.');
  });

  it('has one form in Vietnamese and Khmer, whatever the number', () => {
    expect(say('{count lần}', 1, 'vi')).toBe('1 lần');
    expect(say('{count lần}', 1_500, 'vi')).toBe('1.500 lần');
    expect(say('{count} ដង', 1, 'km')).toBe('1 ដង');
  });

  it('names the first of several values and how many more there are', () => {
    expect(say('{source.ip} came {count} times; {url.path}', 1)).toBe('203.0.113.7 +2 came 1 times; ?');
  });

  it('is nothing in a language that the rule has no sentence in', () => {
    expect(alertSentence({ extension: DEFAULT_EXTENSION }, { count: 1, group: {}, entities: {} }, 'vi')).toBe(
      undefined,
    );
  });
});
