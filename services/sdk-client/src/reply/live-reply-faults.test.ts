import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type Answer,
  BLOCKED,
  BROKEN,
  LOST,
  refused,
  throttled,
  UNREACHABLE,
} from '../telegram/bot-api.fixture.ts';
import { ReplyScene, settle } from './live-reply.fixture.ts';

let scene: ReplyScene;
beforeEach(() => {
  vi.useFakeTimers();
  scene = new ReplyScene();
});
afterEach(() => {
  vi.useRealTimers();
});

const FULL = 'x '.repeat(2_048).slice(0, 4095);

/** Lets time pass until the final text is delivered, or is not. */
async function finishing(markdown: string): Promise<void> {
  const state = { isOver: false };
  const finished = scene.reply.finish(markdown).finally(() => {
    state.isOver = true;
  });
  const passing = (async () => {
    while (!state.isOver) await vi.advanceTimersByTimeAsync(500);
  })();
  await Promise.all([finished, passing]);
}

describe('a text so far that cannot be shown', () => {
  it('is reported, and the final text is shown all the same', async () => {
    scene.botApi.script('sendMessage', UNREACHABLE);
    await scene.showing('Sun');
    await scene.reply.finish('Sunny.');
    expect(scene.botApi.screen).toEqual(['Sunny.']);
    expect(scene.errors).toMatchObject([{ code: 'telegram_unreachable' }]);
  });

  it('pauses the edits for as long as Telegram asks', async () => {
    await scene.showing('a');
    scene.botApi.script('editMessageText', throttled(30));
    await scene.showing('ab');
    scene.reply.show('abc');
    await vi.advanceTimersByTimeAsync(29_999);
    expect(scene.edits).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    await settle();
    expect(scene.botApi.screen).toEqual(['abc']);
  });

  it('does not make the final text wait or get lost', async () => {
    await scene.showing('a');
    scene.botApi.script('editMessageText', throttled(30));
    await scene.showing('ab');
    await scene.reply.finish('abc');
    expect(scene.botApi.screen).toEqual(['abc']);
  });
});

describe('a text so far that cannot be taken back now', () => {
  it('is edited by the next try, which writes nothing beside it', async () => {
    await scene.showing('Half of the ans');
    for (let tries = 0; tries < 3; tries += 1) scene.botApi.script('deleteMessage', UNREACHABLE);
    const withdrawn = scene.reply.withdraw();
    await vi.runAllTimersAsync();
    await withdrawn;
    scene.deliverAgain();
    await finishing('The whole answer');
    expect(scene.botApi.screen).toEqual(['The whole answer']);
    expect(scene.sends).toBe(1);
  });

  it('is left alone where Telegram refuses to delete it: it is not there', async () => {
    await scene.showing('Half of the ans');
    scene.botApi.clearScreen();
    await scene.reply.withdraw();
    scene.deliverAgain();
    await finishing('The whole answer');
    expect(scene.botApi.screen).toEqual(['The whole answer']);
    expect(scene.edits).toBe(0);
  });
});

describe('a final text that Telegram refuses', () => {
  it('is sent without its marks, which may be what is refused; what is left is thrown', async () => {
    scene.botApi.script('sendMessage', refused(400, 'Bad Request: ENTITIES_TOO_LONG'));
    await finishing('**Sunny.**');
    expect(scene.botApi.payloads('sendMessage')).toMatchObject([
      { entities: [{ type: 'bold' }] },
      { text: 'Sunny.', entities: [] },
    ]);
    expect(scene.botApi.screen).toEqual(['Sunny.']);
  });

  it('is not sent again when it is the place that is refused', async () => {
    scene.botApi.script('sendMessage', BLOCKED);
    await expect(scene.reply.finish('**Sunny.**')).rejects.toMatchObject({ status: 403 });
    expect(scene.botApi.payloads('sendMessage')).toHaveLength(1);
  });
});

describe('a final text that Telegram throttles', () => {
  it('waits as long as it is asked to and is delivered', async () => {
    await scene.showing('a');
    scene.botApi.script('editMessageText', throttled(5));
    const finished = scene.reply.finish('abc');
    await vi.advanceTimersByTimeAsync(4_999);
    expect(scene.edits).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    await finished;
    expect(scene.botApi.screen).toEqual(['abc']);
    expect(scene.errors).toMatchObject([{ code: 'telegram_throttled' }]);
  });

  it('holds no worker for a longer wait: it is left to a later try', async () => {
    scene.botApi.script('sendMessage', throttled(6));
    const finished = scene.reply.finish('abc');
    await expect(finished).rejects.toMatchObject({ retryable: true, retryAfterMs: 6_000 });
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
    await expect(finishing('abc')).rejects.toMatchObject({ code: 'telegram_failed', retryable: true });
    expect(scene.sends).toBe(5);
  });

  it('fails at once when the chat is closed to the bot', async () => {
    scene.botApi.script('sendMessage', BLOCKED);
    await expect(scene.reply.finish('abc')).rejects.toMatchObject({ retryable: false });
    expect(scene.sends).toBe(1);
  });

  it('fails when neither an edit nor a new message is accepted', async () => {
    await scene.showing('a');
    scene.botApi.script('editMessageText', BLOCKED);
    scene.botApi.script('deleteMessage', BLOCKED);
    scene.botApi.script('sendMessage', BLOCKED);
    await expect(scene.reply.finish('abc')).rejects.toMatchObject({ retryable: false });
    expect([scene.edits, scene.sends]).toEqual([1, 2]);
  });

  it('is delivered once when only the answer to its edit is lost', async () => {
    await scene.showing('a');
    scene.botApi.script('editMessageText', LOST);
    await finishing('abc');
    expect(scene.botApi.screen).toEqual(['abc']);
    expect([scene.sends, scene.edits]).toEqual([1, 2]);
  });
});

describe('an edit whose answer is lost', () => {
  it('is not taken for one that did not happen', async () => {
    await scene.showing('a');
    scene.botApi.script('editMessageText', LOST);
    await scene.showing('b');
    await scene.reply.finish('a');
    expect(scene.botApi.screen).toEqual(['a']);
  });

  it('can come again without harm to the parts after it', async () => {
    await scene.showing('a');
    scene.botApi.script('editMessageText', LOST);
    await scene.showing(`${FULL} one`);
    await scene.showing(`${FULL} two`);
    expect(scene.botApi.screen).toEqual([FULL, 'two']);
    expect(scene.errors).toHaveLength(1);
  });
});

describe('a message that is gone', () => {
  it('is sent anew, again as a reply', async () => {
    await scene.showing('a');
    scene.botApi.clearScreen();
    await scene.reply.finish('abc');
    expect(scene.botApi.screen).toEqual(['abc']);
    expect(scene.botApi.payloads('sendMessage')).toMatchObject([
      { reply_parameters: { message_id: 42 } },
      { reply_parameters: { message_id: 42 } },
    ]);
  });

  it('is followed by new ones: those that stood below it would be out of order', async () => {
    await scene.showing(`${FULL} one`);
    scene.botApi.script('editMessageText', refused(400, "Bad Request: message can't be edited"));
    await scene.reply.finish(`y${FULL.slice(1)} two`);
    expect(scene.botApi.screen).toEqual([`y${FULL.slice(1)}`, 'two']);
  });
});

const TEXTS = {
  short: 'a',
  other: '**b**',
  long: `${FULL} one`,
  longer: `${FULL} ${FULL} two`,
  changed: `y${FULL.slice(1)} one`,
};
const usual: Answer = (go) => go();
const EDIT_ANSWERS = { usual, BROKEN, UNREACHABLE, LOST, throttled: throttled(3) };
/** Without `LOST`: the Bot API offers nothing against sending a message twice whose answer was lost. */
const SEND_ANSWERS = { usual, BROKEN, UNREACHABLE, throttled: throttled(3) };

function keyOf<T extends object>(object: T): fc.Arbitrary<keyof T> {
  return fc.constantFrom(...(Object.keys(object) as (keyof T)[]));
}

it('whatever goes wrong on the way, the screen shows the final text once and nothing else', async () => {
  const step = fc.record({ text: keyOf(TEXTS), waitMs: fc.integer({ min: 0, max: 5_000 }) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 6 }),
      fc.array(keyOf(EDIT_ANSWERS), { maxLength: 4 }),
      fc.array(keyOf(SEND_ANSWERS), { maxLength: 4 }),
      keyOf(TEXTS),
      async (steps, edits, sends, final) => {
        scene = new ReplyScene();
        scene.botApi.script('editMessageText', ...edits.map((key) => EDIT_ANSWERS[key]));
        scene.botApi.script('sendMessage', ...sends.map((key) => SEND_ANSWERS[key]));
        for (const { text, waitMs } of steps) {
          scene.reply.show(TEXTS[text]);
          await vi.advanceTimersByTimeAsync(waitMs);
        }
        await finishing(TEXTS[final]);
        // Compared outside of the assertion, which would print the long texts.
        const isShown = scene.botApi.screen.join(' ') === TEXTS[final].replaceAll('*', '');
        expect(isShown).toBe(true);
        expect(scene.botApi.mostInFlight).toBeLessThanOrEqual(1);
      },
    ),
    { numRuns: 40 },
  );
});
