import type { Turn } from '@omnicloud/protocol';
import { expect, it } from 'vitest';
import { sampleTurn } from './sample-turn.fixture.ts';
import { DONE, EventLog, logged, RETRY, whileServing } from './serving.fixture.ts';
import { MAX_GIVE_UP_TRIES } from './try-turn.ts';
import { MAX_TRIES, type Outcome } from './turn-queue.ts';
import type { TurnQueueAbilities, WithQueue } from './open-turn-queue.fixture.ts';

/** The part of the contract about turns whose tries are used up. */
export function itGivesTurnsUp(withQueue: WithQueue, { remembersHandled }: TurnQueueAbilities): void {
  it(`gives a turn up after ${MAX_TRIES} tries, keeps it as a dead letter and goes on with its group`, () =>
    withQueue(async (queue, { reported }) => {
      const log = new EventLog();
      const failure = new Error('as planned');
      const { handle } = logged(log, ({ update_id: id }, attempt) => {
        if (id === 1 && attempt === 2) throw failure;
        return id === 1 ? RETRY : DONE;
      });
      const giveUp = async ({ update_id: id }: Turn): Promise<undefined> => {
        log.add(`${id} given up, ${(await queue.deadLetters()).length} dead`);
      };
      await queue.enqueue(sampleTurn(1));
      await queue.enqueue(sampleTurn(2));
      const before = Date.now();
      await whileServing(queue, { handle, giveUp }, () => log.until('2#1'));
      expect(log.entries).toEqual(['1#1', '1#2', '1#3', '1 given up, 0 dead', '2#1']);
      expect(reported).toEqual([{ error: failure, updateId: 1 }]);
      const [letter, ...others] = await queue.deadLetters();
      expect(letter?.turn).toEqual(sampleTurn(1));
      expect(letter?.diedAt.getTime()).toBeGreaterThanOrEqual(before);
      expect(others).toEqual([]);
      if (remembersHandled) expect(await queue.enqueue(sampleTurn(1))).toBe('duplicate');
    }));

  it('lists dead letters oldest first', () =>
    withQueue(async (queue) => {
      const log = new EventLog();
      const giveUp = ({ update_id: id }: Turn): Promise<undefined> => {
        log.add(`${id} given up`);
        return Promise.resolve(undefined);
      };
      for (const id of [2, 1]) await queue.enqueue(sampleTurn(id));
      await whileServing(queue, { ...logged(log, () => RETRY), giveUp }, () => log.until('1 given up'));
      expect((await queue.deadLetters()).map(({ turn }) => turn.update_id)).toEqual([2, 1]);
    }));

  it('gives a turn up again when that failed', () =>
    withQueue(async (queue, { reported }) => {
      const log = new EventLog();
      const failures = [new Error('first'), new Error('second')];
      const giveUp = ({ update_id: id }: Turn): Promise<undefined> => {
        log.add(`${id} given up`);
        const failure = failures[log.entries.filter((entry) => entry === `${id} given up`).length - 1];
        return failure ? Promise.reject(failure) : Promise.resolve(undefined);
      };
      await queue.enqueue(sampleTurn(1));
      await queue.enqueue(sampleTurn(2));
      const decide = ({ update_id: id }: Turn): Outcome => (id === 1 ? RETRY : DONE);
      await whileServing(queue, { ...logged(log, decide), giveUp }, () => log.until('2#1'));
      const givenUp = ['1 given up', '1 given up', '1 given up'];
      expect(log.entries).toEqual(['1#1', '1#2', '1#3', ...givenUp, '2#1']);
      expect(reported).toEqual(failures.map((error) => ({ error, updateId: 1 })));
      expect(await queue.deadLetters()).toHaveLength(1);
    }));

  it('is done with a turn that has an answer after all, as soon as that is delivered', () =>
    withQueue(async (queue, { reported }) => {
      const log = new EventLog();
      const outcomes: Outcome[] = [{ kind: 'later', afterMs: 0 }, RETRY, DONE];
      const giveUp = ({ update_id: id }: Turn): Promise<Outcome | undefined> => {
        log.add(`${id} given up`);
        return Promise.resolve(outcomes.shift());
      };
      await queue.enqueue(sampleTurn(1));
      await queue.enqueue(sampleTurn(2));
      const decide = ({ update_id: id }: Turn): Outcome => (id === 1 ? RETRY : DONE);
      await whileServing(queue, { ...logged(log, decide), giveUp }, () => log.until('2#1'));
      const givenUp = ['1 given up', '1 given up', '1 given up'];
      expect(log.entries).toEqual(['1#1', '1#2', '1#3', ...givenUp, '2#1']);
      expect(reported).toEqual([]);
      expect(await queue.deadLetters()).toEqual([]);
    }));

  it(`lets a turn die although giving it up failed ${MAX_GIVE_UP_TRIES} times`, () =>
    withQueue(async (queue) => {
      const log = new EventLog();
      const giveUp = (): Promise<undefined> => {
        log.add('given up');
        return Promise.reject(new Error('nobody listens'));
      };
      await queue.enqueue(sampleTurn(1));
      await queue.enqueue(sampleTurn(2));
      const decide = ({ update_id: id }: Turn): Outcome => (id === 1 ? RETRY : DONE);
      await whileServing(queue, { ...logged(log, decide), giveUp }, () => log.until('2#1'));
      expect(log.entries.filter((entry) => entry === 'given up')).toHaveLength(MAX_GIVE_UP_TRIES);
      expect((await queue.deadLetters()).map(({ turn }) => turn.update_id)).toEqual([1]);
    }));
}
