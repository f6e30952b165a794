import { expect, test } from 'vitest';
import { en } from '../../web/language/language-en.ts';
import { zh } from '../../web/language/language-zh.ts';
import { type Intent, readIntent } from './intents/demo-intents.ts';
import { chineseTexts } from './texts/demo-texts-zh.ts';
import { englishTexts } from './texts/demo-texts-en.ts';

const written = (file: string, content: string, then: { list?: boolean; send?: boolean }): Intent => ({
  kind: 'write',
  file,
  content,
  thenList: then.list === true,
  thenSend: then.send === true,
});

type Suggestion = Extract<keyof typeof en, `suggest${string}`>;

const MEANT: Record<Suggestion, [english: Intent, chinese: Intent]> = {
  suggestFile: [written('notes.md', 'hello', { list: true }), written('notes.md', 'hello', { list: true })],
  suggestSend: [written('hello.txt', 'hi', { send: true }), written('hello.txt', '你好', { send: true })],
  suggestName: [
    { kind: 'introduce', name: 'Ada' },
    { kind: 'introduce', name: '小明' },
  ],
  suggestMemory: [{ kind: 'ask_name' }, { kind: 'ask_name' }],
  suggestStory: [{ kind: 'story' }, { kind: 'story' }],
  suggestFormat: [{ kind: 'showcase' }, { kind: 'showcase' }],
};

test('every suggestion of the page has its meaning here', () => {
  const offered = Object.keys(en).filter((key) => key.startsWith('suggest'));
  expect(Object.keys(MEANT).toSorted()).toEqual(offered.toSorted());
});

test.each(Object.entries(MEANT))(
  'the demo model does what the page suggests by %s, in both languages',
  (key, meant) => {
    expect([readIntent(en[key as Suggestion]), readIntent(zh[key as Suggestion])]).toEqual(meant);
  },
);

test.each([
  ['English', englishTexts.welcome],
  ['Chinese', chineseTexts.welcome],
])('the demo model understands everything that its own %s welcome proposes', (_, welcome) => {
  const proposed = [...welcome.matchAll(/`([^`]+)`/g)].map(([, words = '']) => words);
  expect(proposed.length).toBeGreaterThan(5);
  for (const words of proposed) expect([words, readIntent(words).kind]).not.toEqual([words, 'unknown']);
});
