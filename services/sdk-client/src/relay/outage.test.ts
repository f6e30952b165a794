import { sessionKeyOf, wireError, type WireErrorCode } from '@omnicloud/protocol';
import type { SessionTable } from '@omnicloud/storage';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LedgerUnavailableError } from '../turn/dynamo-turn-ledger.ts';
import { MAX_OUTAGE_WAITS } from '../queue/outage.ts';
import { MAX_DEFERRALS } from '../queue/try-turn.ts';
import type { Outcome } from '../queue/turn-queue.ts';
import { answered, failing, refusing } from './agent/agent-server.fixture.ts';
import { AttachmentStoreError } from './files/attachment-store.ts';
import { AT_ONCE, later, RelayScene, WHEN_COMPLETE } from './relay-scene.fixture.ts';
import { TEXTS } from '../reply/texts.ts';
import { recordOf, turnOf } from '../turn/turn.fixture.ts';
import type { TurnLedger } from '../turn/turn-ledger.ts';

const DONE = { kind: 'done' };
const RETRY = { kind: 'retry' };
const TURN = { update_id: 5 };
const GROUP = sessionKeyOf(turnOf());
const STOP = { update_id: 9, ask: { kind: 'command', command: 'stop' } } as const;

let scene: RelayScene;
beforeEach(async () => {
  scene = await RelayScene.open();
});
afterEach(async () => {
  await scene.close();
});

const outageOf = async (): Promise<unknown> => {
  const record = await scene.ledger.find(TURN.update_id);
  return record?.state === 'delivered' ? undefined : record?.outage;
};
/** A store's own error, as its adapter throws it. */
const away = (): Promise<never> => Promise.reject(new LedgerUnavailableError('away', undefined));
const retryableAway = (): Promise<never> =>
  Promise.reject(Object.assign(new Error('away'), { retryable: true }));

describe('an outage', () => {
  it.each<[WireErrorCode, number]>([
    ['model_unavailable', 2],
    ['agent_unavailable', 2],
    ['store_unavailable', 2],
    ['disk_full', 2],
    ['model_throttled', 1],
    ['model_keys', 1],
  ])(
    '%s puts the turn off, ever longer and without a try, and its user is told once',
    async (code, toldAt) => {
      const waits = 8;
      scene.agent.script(...Array.from({ length: waits }, () => failing(code)), answered('At last.'));
      const pauses: unknown[] = [];
      for (let wait = 1; wait <= waits; wait += 1) {
        pauses.push(await scene.handle(TURN));
        expect(scene.botApi.screen).toHaveLength(wait < toldAt ? 0 : 1);
      }
      expect(pauses).toEqual([2, 6, 18, 54, 120, 120, 120, 120].map((seconds) => later(seconds * 1000)));
      expect(await scene.handler().deferrals?.(turnOf(TURN), waits + 1)).toBe(waits);
      expect(await scene.handle(TURN)).toEqual(DONE);
      expect(scene.botApi.screen).toEqual([
        expect.stringMatching(/^Not yet: .*Your message is kept.*\/stop ends the wait\.$/),
        'At last.',
      ]);
    },
  );

  it('is told in the user’s language', async () => {
    scene.agent.script(failing('model_throttled'));
    await scene.handle({ ...TURN, sender: { ...turnOf().sender, language_code: 'zh' } });
    expect(scene.botApi.screen).toEqual([expect.stringContaining('你的消息已经保留')]);
  });

  it('that lasts beyond a day becomes a failed try, and at last a dead letter with a word to the user', async () => {
    const outage = {
      code: 'model_unavailable',
      waits: MAX_OUTAGE_WAITS,
      isTold: true,
      isWaiting: true,
    } as const;
    await scene.ledger.save(TURN.update_id, recordOf({ outage, deferrals: MAX_OUTAGE_WAITS }));
    scene.agent.script(failing('model_unavailable'));
    expect(await scene.handle(TURN)).toEqual(RETRY);
    await scene.giveUp(TURN);
    expect(scene.botApi.screen).toEqual([
      expect.stringMatching(
        /^I waited for about a day and still could not answer: the model cannot be reached/,
      ),
    ]);
    // Somebody brings it back.
    scene.agent.script(failing('model_unavailable'));
    expect(await scene.handle(TURN)).toEqual(later(2_000));
  });

  it('takes nothing from the times that a turn may be put off for other reasons', async () => {
    const outage = {
      code: 'model_unavailable',
      waits: MAX_DEFERRALS,
      isTold: true,
      isWaiting: true,
    } as const;
    await scene.ledger.save(TURN.update_id, recordOf({ outage, deferrals: MAX_DEFERRALS }));
    const details = { holder: 'another', until: new Date(Date.now() + 60_000).toISOString() };
    scene.agent.script(() =>
      Response.json({ error: wireError('session_busy', 'busy', details) }, { status: 409 }),
    );
    expect(await scene.handle(TURN)).toEqual(later(2_000));
  });

  it('of the session table, or of where attachments lie, is waited for like one of the model', async () => {
    const table = { find: retryableAway } as unknown as SessionTable;
    const ask = { kind: 'message' as const, text: 'Look', files: [{ file_id: 'f', name: 'a.txt' }] };
    scene.botApi.sent.set('f', Buffer.from('hello'));
    const attachments = { put: () => Promise.reject(new AttachmentStoreError()) };
    const outcomes: Outcome[] = [];
    for (const changes of [{ attachments }, { table }])
      outcomes.push(await scene.handler(WHEN_COMPLETE, changes).handle(turnOf({ ...TURN, ask }), 1));
    expect(outcomes).toEqual([later(2_000), later(6_000)]);
    expect(await outageOf()).toMatchObject({ code: 'store_unavailable', waits: 2, isTold: true });
    expect(scene.agent.calls).toEqual([]);
  });

  it('of the ledger counts no try, however long it lasts', async () => {
    const ledger = { find: away, save: away };
    const handler = scene.handler(WHEN_COMPLETE, { ledger });
    await expect(handler.handle(turnOf(TURN), 1)).rejects.toBeInstanceOf(LedgerUnavailableError);
    // 40 deliveries later it is back.
    expect(await scene.handler().deferrals?.(turnOf(TURN), 41)).toBe(40);
    scene.agent.script(failing('agent_crashed'));
    await scene.handle(TURN);
    expect(await scene.handler().deferrals?.(turnOf(TURN), 42)).toBe(40);
  });

  it('is no reason to show what was withdrawn, and the answer is a message of its own', async () => {
    const { botApi } = scene;
    const shown = botApi.until(() => botApi.screen.length > 0);
    scene.agent.script(
      failing('model_throttled', [
        { type: 'text', offset: 0, delta: 'It is' },
        shown.then(() => ({ type: 'heartbeat' as const })),
      ]),
      answered('It is sunny.'),
    );
    await scene.handle(TURN, AT_ONCE);
    await scene.handle(TURN, AT_ONCE);
    expect(botApi.screen).toEqual([expect.stringMatching(/^Not yet/), 'It is sunny.']);
  });
});

describe('/stop', () => {
  const waits = async (): Promise<void> => {
    await scene.backlog.add(turnOf(TURN));
    scene.agent.script(refusing('model_throttled'));
    await scene.handle(TURN);
  };

  it('ends a turn that waits at once; when it comes again, nothing is left to do', async () => {
    await waits();
    await scene.handle(STOP);
    expect(scene.botApi.screen).toEqual([
      expect.stringMatching(/^Not yet/),
      '⏹ Stopped.',
      'Everything you asked before this is stopped.',
    ]);
    expect(await scene.handle(TURN)).toEqual(DONE);
    expect(scene.agent.calls).toHaveLength(1);
    expect(await scene.backlog.list(GROUP)).toEqual([]);
  });

  it('leaves a turn alone that came after it, or that a delivery is at', async () => {
    await waits();
    await scene.handle({ ...STOP, update_id: 4 });
    expect(await outageOf()).toMatchObject({ isWaiting: true });
    scene.agent.script(async () => {
      expect(await outageOf()).toMatchObject({ isWaiting: false });
      await scene.handle(STOP);
      return answered('Just in time.')();
    });
    expect(await scene.handle(TURN)).toEqual(DONE);
    expect(scene.botApi.screen).toContain('Just in time.');
  });

  it('changes nothing about a turn that ends while it looks', async () => {
    await waits();
    let looks = 0;
    const { ledger } = scene;
    const slow: TurnLedger = {
      save: (updateId, record) => ledger.save(updateId, record),
      find: async (updateId) => {
        const found = await ledger.find(updateId);
        if (updateId !== TURN.update_id) return found;
        looks += 1;
        // The first look is for a mark; the second finds that the turn waits.
        if (looks === 2) expect(await scene.handle(TURN)).toEqual(DONE);
        return found;
      },
    };
    const errors: unknown[] = [];
    const onError = (error: unknown): number => errors.push(error);
    const handler = scene.handler(WHEN_COMPLETE, { ledger: slow, onError });
    expect(await handler.handle(turnOf(STOP), 1)).toEqual(DONE);
    expect(scene.botApi.screen.slice(1)).toEqual(['⏹ Stopped.', TEXTS.en.nothingRunning]);
    expect(errors).toEqual([]);
  });

  it('lets the queue give out at once what waits in the conversation, and in no other', async () => {
    const hurried: string[] = [];
    const queue = {
      waiting: () => Promise.resolve(0),
      enqueue: () => Promise.resolve('queued' as const),
      hurry: (key: string) => void hurried.push(key),
    };
    await scene.handler(WHEN_COMPLETE, { queue }).handle(turnOf(STOP), 1);
    expect(hurried).toEqual([GROUP]);
  });
});
