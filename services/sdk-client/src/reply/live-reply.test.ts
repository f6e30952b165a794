import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { held } from '../telegram/bot-api.fixture.ts';
import { PACE, ReplyScene, settle } from './live-reply.fixture.ts';

let scene: ReplyScene;
beforeEach(() => {
  vi.useFakeTimers();
  scene = new ReplyScene();
});
afterEach(() => {
  vi.useRealTimers();
});

/** @returns a text of this many one-letter words, too regular for Markdown to change. */
function letters(count: number): string {
  return 'x '.repeat(count).trim();
}

describe('an answer that comes quickly', () => {
  it('is sent once, whole, as a reply', async () => {
    scene.reply.show('Sun');
    await vi.advanceTimersByTimeAsync(PACE.firstAfterMs - 1);
    scene.reply.show('Sunny to');
    await scene.reply.finish('Sunny **today**.');
    await vi.runAllTimersAsync();
    expect(scene.botApi.calls).toMatchObject([
      {
        method: 'sendMessage',
        payload: {
          text: 'Sunny today.',
          entities: [{ type: 'bold', offset: 6, length: 5 }],
          reply_parameters: { message_id: 42 },
        },
      },
    ]);
  });

  it('needs no text before', async () => {
    await scene.reply.finish('Sunny.');
    expect(scene.botApi.screen).toEqual(['Sunny.']);
  });
});

describe('an answer that grows', () => {
  it('is one message that is edited until it shows the final text', async () => {
    await scene.showing('Sun');
    expect(scene.botApi.screen).toEqual(['Sun']);
    await scene.showing('Sunny to');
    expect(scene.botApi.screen).toEqual(['Sunny to']);
    await scene.reply.finish('Sunny today.');
    expect(scene.botApi.screen).toEqual(['Sunny today.']);
    expect([scene.sends, scene.edits]).toEqual([1, 2]);
    expect(scene.errors).toEqual([]);
  });

  it('keeps the pace between two edits', async () => {
    await scene.showing('Sun');
    await scene.showing('Sunny');
    scene.reply.show('Sunny to');
    await vi.advanceTimersByTimeAsync(PACE.betweenMs - 1);
    expect(scene.edits).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(scene.edits).toBe(2);
  });

  it('is shown as it is when Telegram is ready for it: the latest text wins, one call at a time', async () => {
    const slow = held();
    scene.botApi.script('sendMessage', slow.answer);
    scene.reply.show('a');
    await vi.advanceTimersByTimeAsync(PACE.firstAfterMs);
    for (const text of ['ab', 'abc', 'abcd']) {
      scene.reply.show(text);
      await vi.advanceTimersByTimeAsync(10 * PACE.betweenMs);
    }
    expect(scene.botApi.calls).toHaveLength(1);
    slow.release();
    await scene.botApi.until(() => scene.botApi.screen.includes('a'));
    await settle();
    await vi.advanceTimersByTimeAsync(PACE.betweenMs);
    expect(scene.botApi.payloads('editMessageText').map(({ text }) => text)).toEqual(['abcd']);
    expect(scene.botApi.mostInFlight).toBe(1);
  });

  it('is finished only after the call that is under way', async () => {
    const slow = held();
    scene.botApi.script('sendMessage', slow.answer);
    scene.reply.show('Sun');
    await vi.advanceTimersByTimeAsync(PACE.firstAfterMs);
    const finishing = scene.reply.finish('Sunny today.');
    await settle();
    expect(scene.botApi.calls).toHaveLength(1);
    slow.release();
    await finishing;
    expect(scene.botApi.screen).toEqual(['Sunny today.']);
    expect([scene.sends, scene.edits, scene.botApi.mostInFlight]).toEqual([1, 1, 1]);
  });

  it('costs no call when there is nothing new to show', async () => {
    await scene.showing('Sunny.');
    scene.reply.show('Sunny. ');
    await vi.runAllTimersAsync();
    await scene.reply.finish('Sunny.');
    expect(scene.botApi.calls).toHaveLength(1);
  });

  it('is not shown any more once it is finished', async () => {
    await scene.reply.finish('Sunny today.');
    scene.reply.show('Sun');
    await vi.runAllTimersAsync();
    expect(scene.botApi.calls).toHaveLength(1);
  });
});

describe('an answer over the limit of a message', () => {
  it('goes on in further messages, of which only the first is a reply', async () => {
    const long = letters(5_000);
    await scene.showing(letters(100));
    await scene.reply.finish(long);
    const { screen } = scene.botApi;
    expect(screen).toHaveLength(3);
    expect(screen.join(' ')).toBe(long);
    expect(screen.every((text) => text.length <= 4096)).toBe(true);
    expect(scene.botApi.payloads('sendMessage').map((payload) => 'reply_parameters' in payload)).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('adds messages while it grows and leaves the full ones alone', async () => {
    const full = letters(2_048).slice(0, 4095);
    await scene.showing(full);
    await scene.showing(`${full} ${letters(10)}`);
    expect(scene.botApi.screen).toEqual([full, letters(10)]);
    await scene.showing(`${full} ${letters(20)}`);
    expect(scene.botApi.screen).toEqual([full, letters(20)]);
    await scene.reply.finish(`${full} ${letters(30)}`);
    expect(scene.botApi.screen).toEqual([full, letters(30)]);
    const [{ message_id: edited } = {}, ...more] = scene.botApi.payloads('editMessageText');
    expect(more.map(({ message_id }) => message_id)).toEqual([edited]);
  });

  it('loses the messages that it does not need when it shrinks', async () => {
    const full = letters(2_048).slice(0, 4095);
    await scene.showing(`${full} ${letters(10)}`);
    await scene.reply.finish('Sunny.');
    expect(scene.botApi.screen).toEqual(['Sunny.']);
    expect(scene.errors).toEqual([]);
  });
});

describe('an answer that is taken back', () => {
  it('leaves nothing on the screen and is not shown again', async () => {
    const full = letters(2_048).slice(0, 4095);
    await scene.showing(`${full} ${letters(10)}`);
    scene.reply.show('Sunny');
    await scene.reply.withdraw();
    scene.reply.show('Sunny today');
    await vi.runAllTimersAsync();
    expect(scene.botApi.screen).toEqual([]);
    expect(scene.botApi.payloads('deleteMessage')).toHaveLength(2);
  });

  it('takes back the message that is under way, too', async () => {
    const slow = held();
    scene.botApi.script('sendMessage', slow.answer);
    scene.reply.show('Sun');
    await vi.advanceTimersByTimeAsync(PACE.firstAfterMs);
    const withdrawing = scene.reply.withdraw();
    slow.release();
    await withdrawing;
    expect(scene.botApi.payloads('deleteMessage')).toHaveLength(1);
    expect(scene.botApi.screen).toEqual([]);
  });

  it('costs no call when nothing was shown', async () => {
    scene.reply.show('Sun');
    await scene.reply.withdraw();
    await vi.runAllTimersAsync();
    expect(scene.botApi.calls).toEqual([]);
  });

  it('reports a message that cannot be deleted and goes on', async () => {
    await scene.showing('Sun');
    scene.botApi.clearScreen();
    await scene.reply.withdraw();
    expect(scene.errors).toMatchObject([{ code: 'telegram_refused' }]);
  });
});
