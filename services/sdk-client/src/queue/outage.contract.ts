import { expect, it } from 'vitest';
import { QueueUnavailableError } from '../errors.ts';
import { sampleTurn } from './sample-turn.fixture.ts';
import { DONE, EventLog, logged, whileServing } from './serving.fixture.ts';
import { MAX_TRIES, type Outcome } from './turn-queue.ts';
import type { WithQueue } from './open-turn-queue.fixture.ts';

/** More often than a turn is put off because its session is busy, and than a queue's own delivery limit once allowed. */
const WAITS = 105;

/** The part of the contract about turns that wait for the model or a store. */
export function itOutlastsOutages(withQueue: WithQueue): void {
  it(`hands out a turn that was put off ${WAITS} times as its first try, ahead of what is behind it`, () =>
    withQueue(async (queue) => {
      const log = new EventLog();
      let waits = 0;
      const { handle } = logged(log, ({ update_id: id }): Outcome => {
        if (id === 2 || waits === WAITS) return DONE;
        waits += 1;
        return { kind: 'later', afterMs: 0 };
      });
      for (const id of [1, 2]) await queue.enqueue(sampleTurn(id));
      await whileServing(queue, { handle, deferrals: () => Promise.resolve(waits) }, () => log.until('2#1'));
      expect(log.entries).toEqual([...Array.from({ length: WAITS + 1 }, () => '1#1'), '2#1']);
      expect(await queue.deadLetters()).toEqual([]);
    }));

  it('hands out a turn as its first try after a store was away for more deliveries than a turn has tries', () =>
    withQueue(async (queue, { reported }) => {
      const log = new EventLog();
      let deliveries = 0;
      // The last of these, and no other, meets a ledger that can be asked again.
      const isAway = (): boolean => deliveries < 3 * MAX_TRIES;
      const away = new QueueUnavailableError('The ledger is away');
      const deferrals = (): Promise<number> => {
        deliveries += 1;
        return isAway() ? Promise.reject(away) : Promise.resolve(deliveries - 1);
      };
      const { handle } = logged(log, ({ update_id: id }) => {
        if (id === 1 && deliveries === 0) {
          deliveries += 1;
          throw away;
        }
        return DONE;
      });
      for (const id of [1, 2]) await queue.enqueue(sampleTurn(id));
      await whileServing(queue, { handle, deferrals }, () => log.until('2#1'));
      expect(log.entries).toEqual(['1#1', '1#1', '2#1']);
      expect(reported).toHaveLength(3 * MAX_TRIES - 1);
      expect(await queue.deadLetters()).toEqual([]);
    }));
}
