import { expect, it } from 'vitest';
import { atOnce } from '../store/in-slices.ts';
import { assistantEntry, type Entry, jsonl, userEntry, wholeTurn } from './transcript.fixture.ts';
import { unfinishedTurn, withoutWork } from './unfinished-turn.ts';

const before = jsonl(...wholeTurn());
const user = userEntry('Write it twice');
const call = (id: string, after: Entry, ...words: string[]): Entry =>
  assistantEntry(
    [...words.map((text) => ({ type: 'text', text })), { type: 'tool_use', id, name: 'Write', input: {} }],
    after,
    'tool_use',
  );
const result = (id: string, after: Entry): Entry =>
  userEntry([{ type: 'tool_result', tool_use_id: id, content: 'done' }], after, { promptId: user.promptId });
const say = (text: string, after: Entry): Entry => assistantEntry([{ type: 'text', text }], after);
const failed = (after: Entry): Entry => ({ ...say('API Error: 503', after), isApiErrorMessage: true });
const COST = { type: 'cost-state', totalCostUSD: 0.1 };

const one = call('1', user, 'I begin.');
const oneDone = result('1', one);
const two = call('2', oneDone, 'And on.');
const twoDone = result('2', two);

function left(...after: Entry[]): { transcript: string; said: string } | undefined {
  return cut(jsonl(...after));
}

function cut(after: string): { transcript: string; said: string } | undefined {
  const kept = atOnce(unfinishedTurn(Buffer.from(before + after), Buffer.byteLength(before)));
  return kept && { ...kept, transcript: Buffer.from(kept.transcript).toString() };
}

it('What a failed run finished is kept, and its failure is not', () => {
  expect(left(user, one, oneDone, two, twoDone, failed(twoDone), COST)).toEqual({
    transcript: before + jsonl(user, one, oneDone, two, twoDone, COST),
    said: 'I begin.\n\nAnd on.',
  });
});

it('A long text is said in full', () => {
  const long = `${'Long words. '.repeat(1_000)}End.`;
  const said = call('1', user, long);
  expect(left(user, said, result('1', said))?.said).toBe(long);
});

it('The beginning of an answer goes: the next try writes it anew', () => {
  expect(left(user, one, oneDone, say('It is', oneDone))).toEqual({
    transcript: before + jsonl(user, one, oneDone),
    said: 'I begin.',
  });
});

it('A call whose end nobody knows stays, so that the model is told of it', () => {
  expect(left(user, one, oneDone, two)?.transcript).toBe(before + jsonl(user, one, oneDone, two));
});

it('A line that is cut off goes', () => {
  expect(cut(`${jsonl(user, one, oneDone)}{"parentUuid":"`)?.transcript).toBe(
    before + jsonl(user, one, oneDone),
  );
  expect(cut(jsonl(user, one, oneDone).trimEnd())?.transcript).toBe(before + jsonl(user, one, oneDone));
});

it('What a call said that broke off and was repeated is not said', () => {
  const again = call('1', user, 'Once more.');
  expect(left(user, say('Broken', user), again, result('1', again))?.said).toBe('Once more.');
});

it('An answer that went on after its token limit is one text', () => {
  const half = assistantEntry([{ type: 'text', text: 'cut he' }], user, 'max_tokens');
  const goOn = userEntry('Resume', half, { promptId: user.promptId, isMeta: true });
  const rest = call('1', goOn, 're');
  expect(left(user, half, goOn, rest, result('1', rest))?.said).toBe('cut here');
});

it.each<[string, Entry[]]>([
  ['nothing', []],
  ['only what was asked', [user]],
  ['only words', [user, say('I begin.', user)]],
  ['a call without its result', [user, one]],
  ['a subagent’s calls alone', [user, { ...one, isSidechain: true }, { ...oneDone, isSidechain: true }]],
])('With %s there is nothing to go on from', (_, after) => {
  expect(left(...after)).toBeUndefined();
});

it('Without the work of a turn, its question is left', () => {
  const whole = Buffer.from(before + jsonl(user, one, oneDone, COST));
  const text = Buffer.from(atOnce(withoutWork(whole, Buffer.byteLength(before)))).toString();
  expect(text).toBe(before + jsonl(user, COST));
});
