import { sessionKeyOf, type Turn } from '@omnicloud/protocol';
import { describe, expect, it } from 'vitest';
import type { OpenTurnQueue, TurnQueueAbilities, WithQueue } from './open-turn-queue.fixture.ts';
import { itGivesTurnsUp } from './giving-up.contract.ts';
import { OTHER_CHAT, sampleTurn, TO_HELP } from './sample-turn.fixture.ts';
import { DONE, EventLog, eventLoopTurns, whileServing } from './serving.fixture.ts';
import { itOutlastsOutages } from './outage.contract.ts';
import { itRedrives } from './redrive.contract.ts';
import { itKeepsTheOrder } from './turn-order.contract.ts';
import type { Outcome } from './turn-queue.ts';

const ALL_ABILITIES: TurnQueueAbilities = {
  tellsDuplicates: true,
  remembersHandled: true,
  countsWaiting: true,
  turnsNothingAway: true,
};

/**
 * What every adapter of the port promises, as vitest tests.
 * @param open opens an empty queue that waits a few ms at most before it tries a turn again.
 */
export function describeTurnQueue(
  name: string,
  open: () => Promise<OpenTurnQueue>,
  abilities: TurnQueueAbilities = ALL_ABILITIES,
): void {
  const withQueue: WithQueue = async (use) => {
    const opened = await open();
    try {
      await use(opened.queue, opened);
    } finally {
      await opened.close();
    }
  };

  describe(`${name} as a turn queue`, () => {
    itKeepsTheOrder(withQueue, abilities);
    itGivesTurnsUp(withQueue, abilities);
    itRedrives(withQueue);
    itOutlastsOutages(withQueue);

    it('hands out a turn as it was queued, with attempt 1', () =>
      withQueue(async (queue) => {
        const turn: Turn = {
          ...sampleTurn(7, { chat_id: '-1001234567890' }),
          thread_id: '42',
          ask: { kind: 'message', text: 'Grüße 👋\n"\u0000' },
        };
        expect(await queue.enqueue(turn)).toBe('queued');
        const received = Promise.withResolvers<[Turn, number]>();
        const handle = (delivered: Turn, attempt: number): Promise<Outcome> => {
          received.resolve([delivered, attempt]);
          return Promise.resolve(DONE);
        };
        await whileServing(queue, { handle }, async () => {
          expect(await received.promise).toEqual([turn, 1]);
        });
      }));

    const whenItDrops = abilities.remembersHandled
      ? 'while it runs and after it was handled'
      : 'and while it runs';
    it(`drops a turn that is queued again while it waits, ${whenItDrops}`, () =>
      withQueue(async (queue) => {
        const log = new EventLog();
        const answers: string[] = [];
        const handle = async ({ update_id: id }: Turn): Promise<Outcome> => {
          log.add(String(id));
          if (id === 1) answers.push(await queue.enqueue(sampleTurn(1)));
          return DONE;
        };
        await queue.enqueue(sampleTurn(1));
        answers.push(await queue.enqueue(sampleTurn(1)));
        await queue.enqueue(sampleTurn(2));
        await whileServing(queue, { handle }, () => log.until('2'));
        if (abilities.remembersHandled) answers.push(await queue.enqueue(sampleTurn(1)));
        await queue.enqueue(sampleTurn(3));
        await whileServing(queue, { handle }, () => log.until('3'));
        if (abilities.tellsDuplicates) expect(new Set(answers)).toEqual(new Set(['duplicate']));
        expect(log.entries).toEqual(['1', '2', '3']);
      }));

    it('starts no turn after the signal aborted, and waits for the running ones', () =>
      withQueue(async (queue) => {
        const log = new EventLog();
        const stop = new AbortController();
        const release = Promise.withResolvers<Outcome>();
        await queue.enqueue(sampleTurn(1));
        const handle = async (): Promise<Outcome> => {
          log.add('started');
          const outcome = await release.promise;
          log.add('handled');
          return outcome;
        };
        const giveUp = (): Promise<undefined> => Promise.resolve(undefined);
        const served = queue.serve({ handle, giveUp }, stop.signal).then(() => log.add('served'));
        await log.until('started');
        stop.abort();
        await queue.enqueue(sampleTurn(2));
        await queue.enqueue(sampleTurn(3, OTHER_CHAT));
        await eventLoopTurns(5);
        release.resolve(DONE);
        await served;
        expect(log.entries).toEqual(['started', 'handled', 'served']);

        const later = new EventLog();
        const handleLater = ({ update_id: id }: Turn, attempt: number): Promise<Outcome> => {
          if (abilities.turnsNothingAway) expect(attempt).toBe(1);
          later.add(String(id));
          return Promise.resolve(DONE);
        };
        await whileServing(queue, { handle: handleLater }, async () => {
          await later.until('2');
          await later.until('3');
        });
        expect(later.entries.toSorted()).toEqual(['2', '3']);
      }));

    it.runIf(abilities.countsWaiting)(
      'counts the turns of a session that wait, without the running one and what does not touch the session',
      () =>
        withQueue(async (queue) => {
          const log = new EventLog();
          const release = Promise.withResolvers<Outcome>();
          for (const id of [1, 2, 3]) await queue.enqueue(sampleTurn(id));
          await queue.enqueue(sampleTurn(4, OTHER_CHAT));
          const key = sessionKeyOf(sampleTurn(1));
          expect(await queue.waiting(key)).toBe(3);
          const handle = ({ update_id: id }: Turn): Promise<Outcome> => {
            log.add(String(id));
            return id === 1 ? release.promise : Promise.resolve(DONE);
          };
          await whileServing(queue, { handle }, async () => {
            await log.until('1');
            await queue.enqueue(sampleTurn(5, TO_HELP));
            expect(await queue.waiting(key)).toBe(2);
            release.resolve(DONE);
            await log.until('3');
          });
          expect(await queue.waiting(key)).toBe(0);
          expect(await queue.waiting('9:9')).toBe(0);
        }),
    );
  });
}
