import { describe, expect, it } from 'vitest';
import { en } from './language-en.ts';
import { zh } from './language-zh.ts';

const languages: Record<string, Record<string, string>> = { en, zh };
const placeholders = (sentence = ''): string[] => (sentence.match(/\{\w+\}/g) ?? []).toSorted();

describe.each(Object.keys(languages))('the sentences of "%s"', (name) => {
  const sentences = languages[name] ?? {};

  it('have the same keys as the English ones', () => {
    expect(Object.keys(sentences).toSorted()).toEqual(Object.keys(en).toSorted());
  });

  it.each(Object.entries(en))('say %s with the same values put in', (key, english) => {
    expect(sentences[key]).not.toBe('');
    expect(placeholders(sentences[key])).toEqual(placeholders(english));
  });
});
