import { describe, expect, it } from 'vitest';
import {
  assistantEntry,
  type Entry,
  jsonl,
  RECORDED,
  recordedTranscript,
  repairText,
  userEntry,
  wholeTurn,
} from './transcript.fixture.ts';

const SOUND = { kind: 'sound' };
const BEYOND_REPAIR = { kind: 'beyond_repair' };
const TEXT = { type: 'text', text: 'Done' };
const TOOL_USE = { type: 'tool_use', id: 'call-1', name: 'Read', input: {} };
const TOOL_RESULT = { type: 'tool_result', tool_use_id: 'call-1', content: 'It says hello' };

const first = wholeTurn();
const second = wholeTurn({ says: 'And?', after: first[1] });
const kept = (...entries: Entry[]): string => jsonl(...first, ...entries);

/** What is left when only the first turn is whole. */
const repaired = (lostTurns: number): object => ({
  kind: 'repaired',
  transcript: jsonl(...first),
  lostTurns,
});

describe('a sound transcript', () => {
  it.each(RECORDED)('is one that the CLI wrote: %s', (name) => {
    expect(repairText(recordedTranscript(name))).toEqual(SOUND);
  });

  it.each(RECORDED)('is still sound without its bookkeeping: %s', (name) => {
    const conversation = recordedTranscript(name)
      .split('\n')
      .filter((line) => line.includes('"parentUuid"'));
    expect(repairText(conversation.join('\n'))).toEqual(SOUND);
  });

  const user = userEntry('Look', first[1]);
  const call = assistantEntry([TOOL_USE], user, 'tool_use');
  const result = userEntry([TOOL_RESULT], call, { promptId: user.promptId });
  it.each<[string, Entry[]]>([
    ['a second turn', second],
    ['a tool call and its result', [user, call, result, assistantEntry([TEXT], result)]],
    [
      'two calls at once, whose results hang on one each',
      [
        user,
        call,
        ...((): Entry[] => {
          const other = assistantEntry([{ ...TOOL_USE, id: 'call-2' }], call, 'tool_use');
          const otherResult = userEntry([{ ...TOOL_RESULT, tool_use_id: 'call-2' }], other, {
            promptId: user.promptId,
          });
          return [other, result, otherResult, assistantEntry([TEXT], otherResult)];
        })(),
      ],
    ],
    [
      'a turn that the user stopped before it said anything',
      [user, userEntry('[stopped]', user, { promptId: user.promptId })],
    ],
    [
      'an earlier call without a result, of which the CLI itself tells the model',
      [user, call, ...wholeTurn({ after: call })],
    ],
    ['an answer cut by its token limit', [user, assistantEntry([TEXT], user, 'max_tokens')]],
    ['an entry of a type that is new', [...second, { type: 'applause', volume: 11 }]],
    ['the next message in the queue', [...second, { type: 'queue-operation', operation: 'enqueue' }]],
    ['an entry of a subagent at its end', [...second, { ...call, isSidechain: true, parentUuid: null }]],
    ['the same entries again', [...second, ...first, second[0]]],
  ])('may hold %s', (_, entries) => {
    expect(repairText(kept(...entries))).toEqual(SOUND);
  });

  it('needs no newline at its end, and may have blank lines', () => {
    expect(repairText(kept(...second).trimEnd())).toEqual(SOUND);
    expect(repairText(`\n${jsonl(...first)}\r\n\n${jsonl(...second)}\n`)).toEqual(SOUND);
  });
});

describe('a turn that is not whole is dropped', () => {
  const user = userEntry('Look', first[1]);
  const call = assistantEntry([TOOL_USE], user, 'tool_use');
  const result = userEntry([TOOL_RESULT], call, { promptId: user.promptId });
  it.each<[string, Entry[]]>([
    ['has no answer', [user]],
    ['has a tool call without its result', [user, call]],
    ['has such a call and no reason why it ended', [user, assistantEntry([TEXT, TOOL_USE], user, null)]],
    ['ends with the result of a tool', [user, call, result]],
    [
      'has said something before a tool call, which is missing',
      [user, assistantEntry([TEXT], user, 'tool_use')],
    ],
    ['has only thought so far', [user, assistantEntry([{ type: 'thinking', thinking: 'Hm' }], user)]],
    [
      'said nothing, and the CLI told it to go on',
      [user, userEntry('Go on', user, { promptId: user.promptId, isMeta: true })],
    ],
    [
      'was compacted before its answer',
      [user, userEntry('So far', user, { promptId: user.promptId, isCompactSummary: true })],
    ],
  ])('when it %s', (_, entries) => {
    expect(repairText(kept(...entries))).toMatchObject({
      kind: 'repaired',
      transcript: jsonl(...first),
    });
  });

  it('and what was queued before it, too', () => {
    const queued = { type: 'queue-operation', operation: 'enqueue', content: 'Look' };
    expect(repairText(kept(queued, { type: 'mode' }, user))).toEqual(repaired(1));
  });
});

describe('damage drops what follows it', () => {
  it.each<[string, string]>([
    ['a line that is no JSON', 'garbage\n'],
    ['zeros, as a file system leaves them', `${'\0'.repeat(40)}\n`],
    ['a line that is no object', '42\n'],
    ['an entry without a type', '{}\n'],
    ['a message without its content', `${JSON.stringify({ ...second[0], message: {} })}\n`],
    ['two lines grown together', jsonl(...second).replace('\n', '')],
    ['an entry that hangs on none', jsonl({ ...second[0], parentUuid: 'gone' })],
    ['bookkeeping that cannot be read', '{"type":"cost-state","total\n'],
  ])('when it is %s', (_, line) => {
    const third = wholeTurn({ says: 'Once more', after: second[1] });
    expect(repairText(jsonl(...first) + line + jsonl(...second, ...third))).toEqual(repaired(2));
  });

  it('but not the bookkeeping before it', () => {
    const cost = { type: 'cost-state', totalCostUSD: 0.1 };
    expect(repairText(`${kept(cost)}{"type":"last-pro`)).toEqual({
      kind: 'repaired',
      transcript: kept(cost),
      lostTurns: 0,
    });
  });

  it('and counts a lost message once, wherever it left its marks', () => {
    const queued = { type: 'queue-operation', operation: 'enqueue', content: 'Look' };
    const user = userEntry('Look', first[1]);
    const result = userEntry([TOOL_RESULT], user, { promptId: user.promptId });
    expect(repairText(kept(queued, user, result))).toEqual(repaired(1));
    expect(repairText(kept(user, result))).toEqual(repaired(1));
    expect(repairText(`${kept(queued)}{"parentUuid":"`)).toEqual(repaired(1));
  });

  it('and does not count a message whose answer is kept as far as it had come', () => {
    const user = userEntry('Tell me all', first[1]);
    const half = assistantEntry([TEXT], user, 'max_tokens');
    const goOn = userEntry('Go on', half, { promptId: user.promptId, isMeta: true });
    expect(repairText(kept(user, half, goOn))).toEqual({
      kind: 'repaired',
      transcript: kept(user, half),
      lostTurns: 0,
    });
  });

  it('and is not misled by a message that quotes a transcript', () => {
    const quote = userEntry('{"promptId":"a"} {"promptId":"b"} {"operation":"enqueue"}', first[1]);
    expect(repairText(kept(quote))).toEqual(repaired(1));
  });
});

describe('beyond repair is', () => {
  it.each<[string, string]>([
    ['an empty file', ''],
    ['a file of blank lines', '\n \n'],
    ['garbage', 'not a transcript at all'],
    ['bookkeeping alone', jsonl({ type: 'mode' }, { type: 'cost-state' })],
    ['a first turn that is not whole', jsonl(first[0])],
    ['a transcript whose beginning is gone', jsonl(first[1], ...second)],
    ['a bad line before the first answer', `oops\n${jsonl(...first, ...second)}`],
  ])('%s', (_, transcript) => {
    expect(repairText(transcript)).toEqual(BEYOND_REPAIR);
  });
});
