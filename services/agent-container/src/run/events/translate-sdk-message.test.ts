import { randomUUID } from 'node:crypto';
import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk';
import { describe, expect, it } from 'vitest';
import {
  callEnds,
  callStarts,
  confirmed,
  goOn,
  spoken,
  textBlock,
  textDelta,
  thinkingDelta,
  toolBlock,
  toolResult,
} from './sdk-message.fixture.ts';
import { follow, WORKSPACE } from './turn-reader.fixture.ts';

describe('the text of a turn', () => {
  it('is passed on as it is written, and the confirmation of a block adds nothing', () => {
    const told = follow([callStarts('m1'), ...spoken('m1', ['Hel', 'lo']), ...callEnds()]);
    expect(told.events).toEqual([
      { type: 'text', offset: 0, delta: 'Hel' },
      { type: 'text', offset: 3, delta: 'lo' },
    ]);
    expect(told.answer).toBe('Hello');
  });

  it('goes on after a tool as a new paragraph, so that what came before it does not vanish', () => {
    const told = follow([
      callStarts('m1'),
      ...spoken('m1', ['I look.']),
      confirmed('m1', [toolBlock('t1', 'Read', { file_path: `${WORKSPACE}/notes.md` })]),
      ...callEnds('tool_use'),
      toolResult('t1'),
      callStarts('m2'),
      ...spoken('m2', ['Do', 'ne.']),
      ...callEnds(),
    ]);
    const tool = { type: 'tool', tool_use_id: 't1', name: 'Read', line: 'Read notes.md' };
    expect(told.events).toEqual([
      { type: 'text', offset: 0, delta: 'I look.' },
      { ...tool, phase: 'started' },
      { ...tool, phase: 'succeeded' },
      { type: 'text', offset: 7, delta: '\n\nDo' },
      { type: 'text', offset: 11, delta: 'ne.' },
    ]);
    expect(told.answer).toBe('I look.\n\nDone.');
  });

  it('is not what the model thinks', () => {
    const told = follow([
      callStarts('m1'),
      thinkingDelta('Hm.'),
      confirmed('m1', [{ type: 'thinking', thinking: 'Hm.' }]),
      ...spoken('m1', ['Yes']),
      ...callEnds(),
    ]);
    expect(told.events).toEqual([{ type: 'text', offset: 0, delta: 'Yes' }]);
  });
});

describe('a model call that breaks off', () => {
  it('after part of a text is withdrawn when it is repeated', () => {
    const told = follow([
      callStarts('m1'),
      textDelta('The ans'),
      callStarts('m2'),
      ...spoken('m2', ['Another one']),
      ...callEnds(),
    ]);
    expect(told.events).toEqual([
      { type: 'text', offset: 0, delta: 'The ans' },
      { type: 'text', offset: 0, delta: '' },
      { type: 'text', offset: 0, delta: 'Another one' },
    ]);
    expect(told.answer).toBe('Another one');
  });

  it('takes the blocks back that were already confirmed, but not what earlier calls said', () => {
    const told = follow([
      callStarts('m1'),
      ...spoken('m1', ['Earlier.']),
      ...callEnds(),
      callStarts('m2'),
      ...spoken('m2', ['Lost.']),
      textDelta('Lost, too'),
      callStarts('m3'),
      ...spoken('m3', ['Kept.']),
      ...callEnds(),
    ]);
    expect(told.shown).toBe('Earlier.\n\nKept.');
    expect(told.answer).toBe('Earlier.\n\nKept.');
  });

  it('is replaced by the answer that the CLI fetches whole, under another id and without a stream', () => {
    const told = follow([
      callStarts('m1'),
      ...spoken('m1', ['Confirmed, ']),
      textDelta('but broken'),
      confirmed('m2', [textBlock('Whole.'), toolBlock('t1', 'Write', { file_path: 'a.md' })]),
      toolResult('t1'),
      callStarts('m3'),
      ...spoken('m3', ['End.']),
      ...callEnds(),
    ]);
    expect(told.shown).toBe('Whole.\n\nEnd.');
    expect(told.answer).toBe('Whole.\n\nEnd.');
    expect(told.events.filter(({ type }) => type === 'tool')).toHaveLength(2);
  });

  it('is not one that was complete, although nothing of it was confirmed after its end', () => {
    const told = follow([
      callStarts('m1'),
      ...spoken('m1', ['First.']),
      ...callEnds('tool_use'),
      callStarts('m2'),
      textDelta('Second'),
    ]);
    expect(told.shown).toBe('First.\n\nSecond');
    expect(told.answer).toBe('First.');
  });
});

describe('a message that supersedes others', () => {
  it('takes their place, wherever in the answer they stood', () => {
    const refused = randomUUID();
    const told = follow([
      callStarts('m1'),
      ...spoken('m1', ['I cannot do that.'], refused),
      ...callEnds('refusal'),
      callStarts('m2'),
      ...spoken('m2', ['Middle.']),
      ...callEnds(),
      callStarts('m3'),
      textDelta('I can.'),
      confirmed('m3', [textBlock('I can.')], { supersedes: [refused] }),
      ...callEnds(),
    ]);
    expect(told.shown).toBe('Middle.\n\nI can.');
    expect(told.answer).toBe('Middle.\n\nI can.');
  });

  it('leaves the rest of its own call one that can still be lost', () => {
    const refused = randomUUID();
    const told = follow([
      callStarts('m1'),
      ...spoken('m1', ['Refused.'], refused),
      ...callEnds('refusal'),
      callStarts('m2'),
      confirmed('m2', [textBlock('Lost.')], { supersedes: [refused] }),
      callStarts('m3'),
      ...spoken('m3', ['Kept.']),
      ...callEnds(),
    ]);
    expect(told.answer).toBe('Kept.');
  });
});

describe('a subagent', () => {
  it('does not speak in the answer, but its tools are shown', () => {
    const told = follow([
      callStarts('m1'),
      ...spoken('m1', ['I ask.']),
      confirmed('m1', [toolBlock('t1', 'Agent', { description: 'Review' })]),
      ...callEnds('tool_use'),
      textDelta('subagent text', 't1'),
      confirmed('s1', [textBlock('subagent text'), toolBlock('t2', 'Read', { file_path: 'a.md' })], {
        subagentOf: 't1',
      }),
      toolResult('t2', true, 't1'),
      toolResult('t1'),
    ]);
    expect(told.shown).toBe('I ask.');
    expect(told.answer).toBe('I ask.');
    expect(
      told.events.flatMap((event) => (event.type === 'tool' ? [`${event.line}: ${event.phase}`] : [])),
    ).toEqual([
      'Agent Review: started',
      'Read a.md: started',
      'Read a.md: failed',
      'Agent Review: succeeded',
    ]);
  });
});

describe('what is no part of the answer', () => {
  it('is the text of an API error', () => {
    const told = follow([
      confirmed('e1', [textBlock('API Error: 500 at https://host/secret')], { error: 'server_error' }),
    ]);
    expect(told).toEqual({ events: [], answer: '', shown: '' });
  });

  it('is the result of a tool nobody started, and a message of the user', () => {
    const user = { type: 'user', message: { role: 'user', content: 'Hi' }, parent_tool_use_id: null };
    expect(follow([toolResult('unknown'), user as SDKMessage]).events).toEqual([]);
  });

  it('is any message of the system', () => {
    const retry = { type: 'system', subtype: 'api_retry', attempt: 1 } as unknown as SDKMessage;
    expect(follow([retry]).events).toEqual([]);
  });
});

describe('an answer that was cut off and goes on', () => {
  it('after its token limit is one text, joined as it was', () => {
    const told = follow([
      callStarts('m1'),
      ...spoken('m1', ['cut he']),
      ...callEnds('max_tokens'),
      goOn(),
      callStarts('m2'),
      ...spoken('m2', ['re', ' it is']),
      ...callEnds(),
    ]);
    expect(told.answer).toBe('cut here it is');
    expect(told.shown).toBe('cut here it is');
  });

  it('keeps what the CLI keeps of a call that broke off, and drops what nobody confirmed', () => {
    const told = follow([
      callStarts('m1'),
      ...spoken('m1', ['First half, ']),
      textDelta('never confirmed'),
      goOn(),
      callStarts('m2'),
      ...spoken('m2', ['second half.']),
      ...callEnds(),
    ]);
    expect(told.answer).toBe('First half, second half.');
    expect(told.shown).toBe('First half, second half.');
  });

  it('goes on once, also when the call that goes on is repeated', () => {
    const told = follow([
      callStarts('m1'),
      ...spoken('m1', ['cut he']),
      goOn(),
      callStarts('m2'),
      ...spoken('m2', ['re?']),
      callStarts('m3'),
      ...spoken('m3', ['re!']),
      ...callEnds(),
    ]);
    expect(told.answer).toBe('cut here!');
    expect(told.shown).toBe('cut here!');
  });

  it('begins anew when nothing of it was kept, and after a tool', () => {
    const told = follow([
      callStarts('m1'),
      ...spoken('m1', ['I look']),
      confirmed('m1', [toolBlock('t1', 'Read')]),
      ...callEnds('tool_use'),
      toolResult('t1'),
      callStarts('m2'),
      textDelta('lost'),
      goOn(),
      callStarts('m3'),
      ...spoken('m3', ['it is there']),
      ...callEnds(),
    ]);
    expect(told.answer).toBe('I look\n\nit is there');
  });
});
