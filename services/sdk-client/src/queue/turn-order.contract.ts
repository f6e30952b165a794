import { groupOf, type Turn } from '@omnicloud/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OTHER_CHAT, sampleTurn, TO_HELP } from './sample-turn.fixture.ts';
import { DONE, EventLog, eventLoopTurns, logged, RETRY, whileServing } from './serving.fixture.ts';
import { MAX_TRIES, type Outcome } from './turn-queue.ts';
import type { TurnQueueAbilities, WithQueue } from './open-turn-queue.fixture.ts';

/** The part of the contract about what is handled when. */
export function itKeepsTheOrder(
  withQueue: WithQueue,
  { tellsDuplicates, remembersHandled, countsWaiting }: TurnQueueAbilities,
): void {
  it('handles every turn once and each group in its order, whatever fails, repeats and comes in between', () =>
    fc.assert(
      fc.asyncProperty(fc.array(plannedTurn, { maxLength: 12 }), fc.nat({ max: 12 }), (plans, early) =>
        withQueue(async (queue) => {
          const log = new EventLog();
          const turns = plans.map((plan, index) => ({ ...plan, turn: sampleTurn(index, plan.changes) }));
          const enqueueAgain = async (turn: Turn): Promise<void> => {
            const answer = await queue.enqueue(turn);
            if (tellsDuplicates) expect(answer).toBe('duplicate');
          };
          const enqueue = async ({ turn, isSentAgain }: (typeof turns)[number], mayBeHandled: boolean) => {
            expect(await queue.enqueue(turn)).toBe('queued');
            if (isSentAgain && (remembersHandled || !mayBeHandled)) await enqueueAgain(turn);
          };
          const handle = async ({ update_id: id }: Turn, attempt: number): Promise<Outcome> => {
            const plan = turns[id];
            log.add(`start ${id}#${attempt}`);
            await eventLoopTurns(plan?.eventLoopTurns ?? 0);
            log.add(`end ${id}#${attempt}`);
            if (plan && attempt <= plan.failures) {
              if (plan.fails === 'throws') throw new Error('as planned');
              return RETRY;
            }
            return DONE;
          };
          for (const each of turns.slice(0, early)) await enqueue(each, false);
          await whileServing(queue, { handle }, async () => {
            for (const each of turns.slice(early)) {
              await enqueue(each, true);
              await eventLoopTurns(1);
            }
            await Promise.all(turns.map(({ failures }, id) => log.until(`end ${id}#${failures + 1}`)));
            if (remembersHandled) for (const { turn } of turns) await enqueueAgain(turn);
          });

          for (const group of new Set(turns.map(({ turn }) => groupOf(turn)))) {
            const members = turns.flatMap(({ turn, failures }, id) =>
              groupOf(turn) === group ? { id, failures } : [],
            );
            const isOfGroup = new RegExp(`^(start|end) (${members.map(({ id }) => id).join('|')})#`);
            const expected = members.flatMap(({ id, failures }) =>
              Array.from({ length: failures + 1 }, (_, i) => [`start ${id}#${i + 1}`, `end ${id}#${i + 1}`]),
            );
            expect(log.entries.filter((entry) => isOfGroup.test(entry))).toEqual(expected.flat());
          }
        }),
      ),
      { numRuns: 25 },
    ));

  it('does not let a turn that runs long hold back other chats, nor what does not touch its session', () =>
    withQueue(async (queue) => {
      const log = new EventLog();
      const release = Promise.withResolvers<Outcome>();
      const handle = ({ update_id: id }: Turn): Promise<Outcome> => {
        log.add(String(id));
        return id === 1 ? release.promise : Promise.resolve(DONE);
      };
      await queue.enqueue(sampleTurn(1));
      await queue.enqueue(sampleTurn(2));
      await queue.enqueue(sampleTurn(3, OTHER_CHAT));
      await queue.enqueue(sampleTurn(4, TO_HELP));
      await whileServing(queue, { handle }, async () => {
        await log.until('3');
        await log.until('4');
        expect(log.entries).toEqual(['1', '3', '4']);
        release.resolve(DONE);
        await log.until('2');
      });
    }));

  it('holds back a group, and only that, whose oldest turn waits for its retry', () =>
    withQueue(async (queue) => {
      const log = new EventLog();
      const anHour: Outcome = { kind: 'retry', afterMs: 3_600_000 };
      for (const turn of [sampleTurn(1), sampleTurn(2)]) await queue.enqueue(turn);
      await whileServing(
        queue,
        logged(log, ({ update_id: id }) => (id === 1 ? anHour : DONE)),
        async () => {
          await log.until('1#1');
          await queue.enqueue(sampleTurn(3, OTHER_CHAT));
          await log.until('3#1');
        },
      );
      expect(log.entries).toEqual(['1#1', '3#1']);
      if (countsWaiting) expect(await queue.waiting('1:0')).toBe(2);
    }));

  it('takes turns from inside a handler and handles those of its group after it', () =>
    withQueue(async (queue) => {
      const log = new EventLog();
      const handle = async ({ update_id: id }: Turn): Promise<Outcome> => {
        if (id === 1) await queue.enqueue(sampleTurn(2));
        await eventLoopTurns(3);
        log.add(String(id));
        return DONE;
      };
      await queue.enqueue(sampleTurn(1));
      await whileServing(queue, { handle }, () => log.until('2'));
      expect(log.entries).toEqual(['1', '2']);
    }));
}

const plannedTurn = fc.record({
  changes: fc.record(
    { chat_id: fc.constantFrom('1', '2', '-3'), ask: fc.constant(TO_HELP.ask) },
    { requiredKeys: ['chat_id'] },
  ),
  failures: fc.nat({ max: MAX_TRIES - 1 }),
  fails: fc.constantFrom('throws', 'asks for a retry'),
  isSentAgain: fc.boolean(),
  eventLoopTurns: fc.nat({ max: 4 }),
});
