import type { Turn } from '@omnicloud/protocol';
import { expect, it } from 'vitest';
import { OTHER_CHAT, sampleTurn } from './sample-turn.fixture.ts';
import { DONE, EventLog, logged, RETRY, whileServing } from './serving.fixture.ts';
import type { TurnQueue } from './turn-queue.ts';
import type { WithQueue } from './open-turn-queue.fixture.ts';

/** Queues the turns, and lets them die. */
async function letDie(queue: TurnQueue, turns: readonly Turn[]): Promise<void> {
  const log = new EventLog();
  for (const turn of turns) await queue.enqueue(turn);
  const giveUp = ({ update_id: id }: Turn): Promise<undefined> => {
    log.add(`${id} given up`);
    return Promise.resolve(undefined);
  };
  const allDied = async (): Promise<void> => {
    await Promise.all(turns.map(({ update_id: id }) => log.until(`${id} given up`)));
  };
  await whileServing(queue, { ...logged(log, () => RETRY), giveUp }, allDied);
}

const deadIds = async (queue: TurnQueue): Promise<number[]> =>
  (await queue.deadLetters()).map(({ turn }) => turn.update_id);

/** The part of the contract about dead letters that get another chance. */
export function itRedrives(withQueue: WithQueue): void {
  it('puts dead letters back at the end of their group, with all tries before them', () =>
    withQueue(async (queue) => {
      await letDie(queue, [sampleTurn(1), sampleTurn(2)]);
      await queue.enqueue(sampleTurn(3));
      expect(await queue.redrive()).toBe(2);
      expect(await deadIds(queue)).toEqual([]);

      const log = new EventLog();
      const handler = logged(log, ({ update_id: id }, attempt) => (id === 1 && attempt < 3 ? RETRY : DONE));
      await whileServing(queue, handler, () => log.until('2#1'));
      expect(log.entries).toEqual(['3#1', '1#1', '1#2', '1#3', '2#1']);
      expect(await queue.redrive()).toBe(0);
    }));

  it('puts back one dead letter alone when asked for it', () =>
    withQueue(async (queue) => {
      await letDie(queue, [sampleTurn(1), sampleTurn(2), sampleTurn(3, OTHER_CHAT)]);
      expect(await queue.redrive(4)).toBe(0);
      expect(await queue.redrive(2)).toBe(1);
      expect(await queue.redrive(2)).toBe(0);
      expect((await deadIds(queue)).toSorted()).toEqual([1, 3]);

      const log = new EventLog();
      await queue.enqueue(sampleTurn(5));
      await whileServing(queue, logged(log), () => log.until('5#1'));
      expect(log.entries).toEqual(['2#1', '5#1']);
    }));

  it('lets a turn die a second time, and puts it back again', () =>
    withQueue(async (queue) => {
      await letDie(queue, [sampleTurn(1)]);
      await queue.redrive(1);
      const log = new EventLog();
      const giveUp = (): Promise<undefined> => {
        log.add('given up');
        return Promise.resolve(undefined);
      };
      await whileServing(queue, { ...logged(log, () => RETRY), giveUp }, () => log.until('given up'));
      expect(log.entries).toEqual(['1#1', '1#2', '1#3', 'given up']);
      expect(await deadIds(queue)).toEqual([1]);
      expect(await queue.redrive()).toBe(1);
      await whileServing(queue, logged(log), () => log.until('1#1'));
      expect(await deadIds(queue)).toEqual([]);
    }));

  it('hands a turn that went back to whoever serves the queue already', () =>
    withQueue(async (queue) => {
      await letDie(queue, [sampleTurn(1)]);
      const log = new EventLog();
      await whileServing(queue, logged(log), async () => {
        expect(await queue.redrive()).toBe(1);
        await log.until('1#1');
      });
    }));
}
