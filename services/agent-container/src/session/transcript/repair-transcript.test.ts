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

/** What is left of a damaged transcript, and how many turns lack something. */
const repaired = (transcript: string, lostTurns: number): object => ({
  kind: 'repaired',
  transcript,
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
    ['an answer without words', [user, assistantEntry([], user)]],
    [
      'an answer that is thinking alone',
      [user, assistantEntry([{ type: 'thinking', thinking: 'Hm' }], user)],
    ],
    ['an answer that paused', [user, assistantEntry([TEXT], user, 'pause_turn')]],
    ['a refusal', [user, assistantEntry([], user, 'refusal')]],
    ['a message without an answer', [user]],
    ['a tool call without its result', [user, call]],
    ['the result of a tool at its end', [user, call, result]],
    [
      'a message that waits for its compacted past',
      [user, userEntry('So far', user, { isCompactSummary: true })],
    ],
    ['a child before its parent', [second[1], second[0]]],
    ['two answers to one message', [...second, assistantEntry([TEXT], second[0])]],
  ])('may hold %s', (_, entries) => {
    expect(repairText(kept(...entries))).toEqual(SOUND);
  });

  it('needs no newline at its end, and may have blank lines', () => {
    expect(repairText(kept(...second).trimEnd())).toEqual(SOUND);
    expect(repairText(`\n${jsonl(...first)}\r\n\n${jsonl(...second)}\n`)).toEqual(SOUND);
  });
});

describe('what cannot be read is dropped, and nothing else', () => {
  const third = wholeTurn({ says: 'Once more', after: second[1] });
  it.each<[string, string]>([
    ['a line that is no JSON', 'garbage\n'],
    ['zeros, as a file system leaves them', `${'\0'.repeat(40)}\n`],
    ['a line that is no object', '42\n'],
    ['an entry without a type', '{}\n'],
    [
      'a message without its content',
      `${JSON.stringify({ ...assistantEntry([TEXT], second[1]), message: {} })}\n`,
    ],
    ['half an entry', jsonl(assistantEntry([TEXT], second[1])).slice(0, 60) + '\n'],
  ])('%s: one turn lacks something', (_, line) => {
    expect(repairText(jsonl(...first, ...second) + line + jsonl(...third))).toEqual(
      repaired(jsonl(...first, ...second, ...third), 1),
    );
  });

  it.each<[string, string]>([
    ['costs', '{"type":"cost-state","total\n'],
    [
      'an attachment of the CLI',
      `${JSON.stringify({ parentUuid: first[1].uuid, attachment: {}, type: 'attachment' }).slice(0, -9)}\n`,
    ],
  ])('%s are no loss', (_, line) => {
    expect(repairText(jsonl(...first) + line + jsonl(...second))).toEqual(
      repaired(jsonl(...first, ...second), 0),
    );
  });

  it('what hung on it hangs on the entry before it', () => {
    const damaged = jsonl(...first) + jsonl(second[0]).slice(0, 80) + '\n' + jsonl(second[1], ...third);
    const relinked = { ...second[1], parentUuid: first[1].uuid };
    expect(repairText(damaged)).toEqual(repaired(jsonl(...first, relinked, ...third), 1));
  });

  it('an entry that hangs on none hangs on the entry before it', () => {
    const orphan = { ...second[0], parentUuid: 'gone' };
    expect(repairText(kept(orphan, second[1]))).toEqual(repaired(kept(...second), 0));
  });

  it('where the beginning is gone, the rest begins a chain of its own', () => {
    const rest = jsonl({ ...first[1], parentUuid: null }, ...second);
    expect(repairText(jsonl(first[1], ...second))).toEqual(repaired(rest, 1));
  });

  it.each<[string, string]>([
    ['two lines that grew together', jsonl(first[1]).trim() + jsonl(second[0])],
    ['an entry behind zeros', jsonl(first[1]) + '\0'.repeat(20) + jsonl(second[0])],
  ])('%s lose nothing', (_, lines) => {
    expect(repairText(jsonl(first[0]) + lines + jsonl(second[1]))).toEqual(repaired(kept(...second), 0));
  });

  it('an entry behind half of another is kept', () => {
    const half = jsonl(assistantEntry([TEXT], first[1])).slice(0, 70);
    expect(repairText(jsonl(...first) + half + jsonl(...second))).toMatchObject({
      kind: 'repaired',
      transcript: kept(...second),
    });
  });
});

describe('what is lost is counted in turns', () => {
  const queued = { type: 'queue-operation', operation: 'enqueue', content: 'Look' };
  const user = userEntry('Look', first[1]);
  it.each<[string, string, string, number]>([
    ['an answer that is cut', kept(user) + '{"parentUuid":"', kept(user), 1],
    ['a message that was announced and is cut', kept(queued) + '{"parentUuid":"', kept(queued), 1],
    [
      'a message that is cut behind its announcement',
      kept(queued) + jsonl(user).slice(0, -30),
      kept(queued),
      1,
    ],
    [
      'bookkeeping that is cut',
      kept({ type: 'cost-state', totalCostUSD: 0.1 }) + '{"type":"last-pro',
      kept({ type: 'cost-state', totalCostUSD: 0.1 }),
      0,
    ],
    [
      'a message that quotes a transcript',
      kept(userEntry('{"promptId":"a"} {"promptId":"b"}', first[1])).slice(0, -5),
      kept(),
      1,
    ],
  ])('%s', (_, damaged, left, lost) => {
    expect(repairText(damaged)).toEqual(repaired(left, lost));
  });

  it('those after a cut, of which nothing is left, by the number that was saved', () => {
    expect(repairText(kept(...second), 6)).toEqual(repaired(kept(...second), 4));
    expect(repairText(kept(user), 6)).toEqual(repaired(kept(user), 5));
    expect(repairText(`${kept(...second)}{"type":"mo`, 2)).toEqual(repaired(kept(...second), 0));
    expect(repairText(kept(...second), 2)).toEqual(SOUND);
  });

  it('also in the middle, where its message is missing', () => {
    const third = wholeTurn({ says: 'Once more', after: second[1] });
    expect(repairText(jsonl(...first, second[1], ...third), 3)).toMatchObject({ lostTurns: 1 });
  });
});

describe('beyond repair is', () => {
  it.each<[string, string]>([
    ['an empty file', ''],
    ['a file of blank lines', '\n \n'],
    ['garbage', 'not a transcript at all'],
    ['bookkeeping alone', jsonl({ type: 'mode' }, { type: 'cost-state' })],
    ['a subagent alone', jsonl({ ...first[0], isSidechain: true })],
    ['half a first message', jsonl(first[0]).slice(0, -20)],
  ])('%s', (_, transcript) => {
    expect(repairText(transcript)).toEqual(BEYOND_REPAIR);
  });
});
