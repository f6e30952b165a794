import type { WireErrorCode } from '@omnicloud/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BLOCKED, refused, throttled } from '../telegram/bot-api.fixture.ts';
import { FAILURE_REASONS } from '../reply/failure-reasons.ts';
import {
  ACCEPTED,
  answered,
  DOWN,
  failing,
  refusing,
  SESSION,
  streamed,
  text,
} from './agent/agent-server.fixture.ts';
import { AT_ONCE, later, RelayScene } from './relay-scene.fixture.ts';
import { turnOf } from '../turn/turn.fixture.ts';

const DONE = { kind: 'done' };
const RETRY = { kind: 'retry' };
const CHINESE = { ...turnOf().sender, language_code: 'zh-hans' };
const NOT_RETRYABLE: WireErrorCode[] = [
  'bad_request',
  'unauthenticated',
  'too_large',
  'over_budget',
  'model_refused',
];
const RETRYABLE: WireErrorCode[] = ['session_busy', 'agent_crashed', 'internal'];

let scene: RelayScene;
beforeEach(async () => {
  scene = await RelayScene.open();
});
afterEach(async () => {
  await scene.close();
});

describe('a failure that a later try cannot fix', () => {
  it.each(NOT_RETRYABLE)('%s is told to the user with its reason, in the user’s language', async (code) => {
    scene.agent.script(failing(code), refusing(code));
    expect(await scene.handle()).toEqual(DONE);
    expect(await scene.handle({ sender: CHINESE })).toEqual(DONE);
    const { en, zh } = FAILURE_REASONS;
    expect(scene.botApi.screen).toEqual([`I could not answer: ${en[code]}.`, `我没能回答：${zh[code]}。`]);
  });

  it('is reported with its code and the server’s words, which the user does not see', async () => {
    scene.agent.script(failing('model_refused'));
    await scene.handle();
    expect(scene.errors).toMatchObject([
      { message: 'The agent server failed with model_refused: for the log alone' },
    ]);
    expect(scene.botApi.screen.join()).not.toContain('for the log alone');
  });

  it('replaces the text that was shown before', async () => {
    const { botApi } = scene;
    const shown = botApi.until(() => botApi.screen.length > 0);
    scene.agent.script(failing('over_budget', [text('It is'), shown.then(() => ACCEPTED)]));
    expect(await scene.handle({}, AT_ONCE)).toEqual(DONE);
    expect(botApi.screen).toEqual(['I could not answer: the spending limit is reached.']);
  });
});

describe('a failure that a later try may fix', () => {
  it.each(RETRYABLE)('%s leads to another try, and the user sees nothing of it', async (code) => {
    scene.agent.script(refusing(code), failing(code));
    expect(await scene.handle()).toEqual(RETRY);
    expect(await scene.handle()).toEqual(RETRY);
    expect(scene.botApi.payloads('sendMessage')).toEqual([]);
    expect(scene.errors).toHaveLength(2);
  });

  it('takes back what was shown before', async () => {
    const { botApi } = scene;
    const shown = botApi.until(() => botApi.screen.length > 0);
    scene.agent.script(failing('agent_crashed', [text('It is'), shown.then(() => ACCEPTED)]));
    expect(await scene.handle({}, AT_ONCE)).toEqual(RETRY);
    expect(botApi.payloads('sendMessage')).toHaveLength(1);
    expect(botApi.screen).toEqual([]);
  });

  it('is an agent server whose answer breaks off, and no try if none had begun; the session is kept', async () => {
    await scene.knows(SESSION);
    scene.agent.script(DOWN, streamed([ACCEPTED, text('It is')]));
    expect(await scene.handle()).toEqual(later(2_000));
    expect(await scene.handle()).toEqual(RETRY);
    expect(scene.errors).toMatchObject([{ code: 'agent_unreachable' }, { code: 'agent_unreachable' }]);
    expect(await scene.session()).toBe(SESSION);
    expect(scene.botApi.screen).toEqual([]);
  });
});

describe('an answer that Telegram does not take', () => {
  it('is delivered when Telegram says it will be ready, into the same message, and the agent does not run again', async () => {
    const { botApi } = scene;
    const shown = botApi.until(() => botApi.screen.length > 0);
    const ask = { type: 'answer', text: 'It is sunny.' } as const;
    scene.agent.script(failing('over_budget', [text('It is'), shown.then(() => ask)]));
    botApi.script('editMessageText', throttled(90));
    expect(await scene.handle({ update_id: 5 }, AT_ONCE)).toEqual(later(90_000));
    expect(botApi.screen).toEqual(['It is']);
    expect(await scene.handle({ update_id: 5 }, AT_ONCE)).toEqual(DONE);
    expect(botApi.screen).toEqual(['I could not answer: the spending limit is reached.']);
    expect(scene.agent.calls).toHaveLength(1);
  });

  it('does not fail because typing cannot be shown', async () => {
    scene.agent.script(answered('Sunny.'));
    scene.botApi.script('sendChatAction', refused(400, 'Bad Request: not enough rights'));
    expect(await scene.handle()).toEqual(DONE);
    expect(scene.botApi.screen).toEqual(['Sunny.']);
  });
});

describe('a turn that is given up', () => {
  it('is told to the user in their language', async () => {
    await scene.handler().giveUp(turnOf());
    await scene.handler().giveUp(turnOf({ update_id: 2, sender: CHINESE }));
    expect(scene.botApi.screen).toEqual([
      'I could not answer this message after several tries. It was put aside; please send it again later.',
      '这条消息试了几次都没能回答，已经放到一边；请稍后再发一次。',
    ]);
  });

  it('is for the queue to give up again when the user could not be told yet', async () => {
    scene.botApi.script('sendMessage', throttled(90));
    await expect(scene.handler().giveUp(turnOf())).rejects.toMatchObject({ code: 'telegram_throttled' });
  });

  it('is given up in silence when there is nobody to tell', async () => {
    scene.botApi.script('sendMessage', BLOCKED);
    await scene.handler().giveUp(turnOf());
    expect(scene.errors).toMatchObject([{ code: 'telegram_refused' }]);
  });
});
