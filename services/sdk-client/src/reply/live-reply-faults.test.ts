import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Answer, BLOCKED, BROKEN, LOST, refused, throttled, UNREACHABLE } from './bot-api.fixture.ts';
import { PACE, ReplyScene, settle } from './live-reply.fixture.ts';

let scene: ReplyScene;
beforeEach(() => {
  vi.useFakeTimers();
  scene = new ReplyScene();
});
afterEach(() => {
  vi.useRealTimers();
});

const FULL = 'x '.repeat(2_048).slice(0, 4095);

/** Lets time pass until the final text is delivered. */
async function finishing(markdown: string): Promise<void> {
  const finished = scene.reply.finish(markdown);
  // Not yet awaited: a rejection during the waiting is looked at afterwards.
  finished.catch(() => undefined);
  for (let second = 0; second < 120; second += 1) await vi.advanceTimersByTimeAsync(1_000);
  await finished;
}

describe('a text so far that cannot be shown', () => {
  it('is reported, and the final text is shown all the same', async () => {
    scene.botApi.script('sendMessage', UNREACHABLE);
    scene.reply.show('Sun');
    await vi.advanceTimersByTimeAsync(PACE.firstAfterMs);
    await settle();
    await scene.reply.finish('Sunny.');
    expect(scene.botApi.screen).toEqual(['Sunny.']);
    expect(scene.errors).toMatchObject([{ code: 'telegram_unreachable' }]);
  });

  it('pauses the edits for as long as Telegram asks', async () => {
    await scene.showing('a', 'a');
    scene.botApi.script('editMessageText', throttled(30));
    scene.reply.show('ab');
    await vi.advanceTimersByTimeAsync(PACE.betweenMs);
    await settle();
    scene.reply.show('abc');
    await vi.advanceTimersByTimeAsync(29_000);
    expect(scene.edits).toBe(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(scene.botApi.screen).toEqual(['abc']);
  });

  it('does not make the final text wait or get lost', async () => {
    await scene.showing('a', 'a');
    scene.botApi.script('editMessageText', throttled(30));
    scene.reply.show('ab');
    await vi.advanceTimersByTimeAsync(PACE.betweenMs);
    await settle();
    await scene.reply.finish('abc');
    expect(scene.botApi.screen).toEqual(['abc']);
  });
});

describe('a final text that Telegram throttles', () => {
  it('waits as long as it is asked to and is delivered', async () => {
    await scene.showing('a', 'a');
    scene.botApi.script('editMessageText', throttled(20));
    const finished = scene.reply.finish('abc');
    await vi.advanceTimersByTimeAsync(19_999);
    expect(scene.edits).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    await finished;
    expect(scene.botApi.screen).toEqual(['abc']);
    expect(scene.errors).toMatchObject([{ code: 'telegram_throttled' }]);
  });

  it('is left to a later try when the wait is longer than a minute', async () => {
    scene.botApi.script('sendMessage', throttled(61));
    const finished = scene.reply.finish('abc');
    await expect(finished).rejects.toMatchObject({ retryable: true, retryAfterMs: 61_000 });
    expect(scene.sends).toBe(1);
  });
});

describe('a final text that meets other errors', () => {
  it('is tried five times', async () => {
    scene.botApi.script('sendMessage', BROKEN, UNREACHABLE, BROKEN, UNREACHABLE);
    await finishing('abc');
    expect(scene.botApi.screen).toEqual(['abc']);
    expect(scene.errors).toHaveLength(4);
  });

  it('fails after the fifth try in a way that can be tried again later', async () => {
    scene.botApi.script('sendMessage', BROKEN, BROKEN, BROKEN, BROKEN, BROKEN);
    await expect(finishing('abc')).rejects.toMatchObject({ code: 'telegram_unreachable', retryable: true });
    expect(scene.sends).toBe(5);
  });

  it('fails at once when the chat is closed to the bot', async () => {
    scene.botApi.script('sendMessage', BLOCKED);
    await expect(scene.reply.finish('abc')).rejects.toMatchObject({ retryable: false });
    expect(scene.sends).toBe(1);
  });

  it('fails when neither an edit nor a new message is accepted', async () => {
    await scene.showing('a', 'a');
    scene.botApi.script('editMessageText', BLOCKED);
    scene.botApi.script('deleteMessage', BLOCKED);
    scene.botApi.script('sendMessage', BLOCKED);
    await expect(scene.reply.finish('abc')).rejects.toMatchObject({ retryable: false });
    expect([scene.edits, scene.sends]).toEqual([1, 2]);
  });

  it('is delivered once when only the answer to its edit is lost', async () => {
    await scene.showing('a', 'a');
    scene.botApi.script('editMessageText', LOST);
    await finishing('abc');
    expect(scene.botApi.screen).toEqual(['abc']);
    expect([scene.sends, scene.edits]).toEqual([1, 2]);
  });
});

describe('a message that is gone', () => {
  it('is sent anew, again as a reply', async () => {
    await scene.showing('a', 'a');
    scene.botApi.clearScreen();
    await scene.reply.finish('abc');
    expect(scene.botApi.screen).toEqual(['abc']);
    expect(scene.botApi.payloads('sendMessage')).toMatchObject([
      { reply_parameters: { message_id: 42 } },
      { reply_parameters: { message_id: 42 } },
    ]);
  });

  it('is followed by new ones: those that stood below it would be out of order', async () => {
    await scene.showing(`${FULL} one`, FULL, 'one');
    scene.botApi.script('editMessageText', refused(400, "Bad Request: message can't be edited"));
    await scene.reply.finish(`y${FULL.slice(1)} two`);
    expect(scene.botApi.screen).toEqual([`y${FULL.slice(1)}`, 'two']);
  });
});

it('whatever goes wrong on the way, the screen shows the final text once and nothing else', async () => {
  const texts = fc.constantFrom(
    'a',
    'ab',
    `${FULL} one`,
    `${FULL} ${FULL} two`,
    `y${FULL.slice(1)} one`,
    '**',
  );
  const edit = fc.constantFrom<Answer>(
    (go) => go(),
    BROKEN,
    UNREACHABLE,
    LOST,
    throttled(3),
    throttled(undefined),
  );
  // A lost answer to a new message is left out: the Bot API offers nothing against sending that twice.
  const send = fc.constantFrom<Answer>((go) => go(), BROKEN, UNREACHABLE, throttled(3));
  const step = fc.record({
    text: texts,
    waitMs: fc.integer({ min: 0, max: 5_000 }),
    isCleared: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 6 }),
      fc.array(edit, { maxLength: 4 }),
      fc.array(send, { maxLength: 4 }),
      texts,
      async (steps, edits, sends, final) => {
        scene = new ReplyScene();
        scene.botApi.script('editMessageText', ...edits);
        scene.botApi.script('sendMessage', ...sends);
        for (const { text, waitMs, isCleared } of steps) {
          scene.reply.show(text);
          await vi.advanceTimersByTimeAsync(waitMs);
          if (isCleared) scene.botApi.clearScreen();
        }
        await finishing(final);
        expect(scene.botApi.screen.join(' ')).toBe(final);
        expect(scene.botApi.mostInFlight).toBeLessThanOrEqual(1);
      },
    ),
    { numRuns: 40 },
  );
});
