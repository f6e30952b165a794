import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Candidate, chooseNext, lineUp, shareOf } from './choose-next.ts';

interface Waiting extends Candidate {
  readonly group: string;
}

/** Starts what may start, and ends the running turns in the order that `ends` says, until nothing is left. */
function simulate(turns: readonly Waiting[], slots: number, ends: readonly number[]) {
  const waiting = [...turns];
  const running: Waiting[] = [];
  const served = new Map<string, number>();
  const started: Waiting[] = [];
  let mostOfOneChat = 0;
  const countOf = (): Map<string, number> => {
    const counts = new Map<string, number>();
    for (const { chat } of running) counts.set(chat, (counts.get(chat) ?? 0) + 1);
    return counts;
  };
  const heads = (): Waiting[] =>
    waiting.filter(
      (turn) =>
        !running.some(({ group }) => group === turn.group) &&
        !waiting.some((other) => other.group === turn.group && other.position < turn.position),
    );
  for (let step = 0; waiting.length > 0 || running.length > 0; step += 1) {
    while (running.length < slots) {
      const next = chooseNext(heads(), { running: countOf(), served }, slots);
      if (!next) break;
      waiting.splice(waiting.indexOf(next), 1);
      running.push(next);
      started.push(next);
      served.set(next.chat, started.length);
      mostOfOneChat = Math.max(mostOfOneChat, ...countOf().values());
    }
    if (running.length === 0) throw new Error('Turns wait although every slot is free');
    running.splice((ends[step % ends.length] ?? 0) % running.length, 1);
  }
  return { started, mostOfOneChat };
}

const turns = fc
  .array(fc.record({ chat: fc.nat(6), topic: fc.nat(4) }), { minLength: 1, maxLength: 60 })
  .map((list) =>
    list.map(({ chat, topic }, position): Waiting => ({
      position,
      chat: String(chat),
      group: `${chat}:${topic}`,
    })),
  );
const slots = fc.integer({ min: 1, max: 10 });
const ends = fc.array(fc.nat(9), { minLength: 1, maxLength: 20 });

describe('chooseNext', () => {
  it('starts every turn once, each group in its order, and leaves slots for other chats', () => {
    fc.assert(
      fc.property(turns, slots, ends, (given, slotCount, ended) => {
        const { started, mostOfOneChat } = simulate(given, slotCount, ended);
        expect(new Set(started).size).toBe(given.length);
        expect(mostOfOneChat).toBeLessThanOrEqual(shareOf(slotCount));
        for (const group of new Set(given.map((turn) => turn.group))) {
          const order = started.filter((turn) => turn.group === group).map(({ position }) => position);
          expect(order).toEqual(order.toSorted((a, b) => a - b));
        }
      }),
    );
  });

  it('serves the single message of a chat before any other chat has its second turn after it', () => {
    fc.assert(
      fc.property(turns, slots, ends, (given, slotCount, ended) => {
        const lone: Waiting = { position: given.length, chat: 'lone', group: 'lone:0' };
        const { started } = simulate([...given, lone], slotCount, ended);
        const before = started.slice(0, started.indexOf(lone));
        // At the start every slot is free and every chat equally long unserved: each has at most one turn before it.
        expect(before.length).toBe(new Set(before.map(({ chat }) => chat)).size);
      }),
    );
  });

  it.each([2, 3, 8])(
    'gives one chat no more than its share of %i slots, and a lone chat its turn',
    (count) => {
      const busy = Array.from({ length: 20 }, (_, position) => ({ position, chat: 'busy' }));
      const running = new Map([['busy', shareOf(count)]]);
      expect(shareOf(count)).toBeLessThan(count);
      expect(chooseNext(busy, { running, served: new Map() }, count)).toBeUndefined();
      const lone = { position: 20, chat: 'lone' };
      expect(chooseNext([...busy, lone], { running, served: new Map() }, count)).toBe(lone);
    },
  );

  it('lets the only slot there is be used', () => {
    const only = { position: 1, chat: 'only' };
    expect(chooseNext([only], { running: new Map(), served: new Map() }, 1)).toBe(only);
  });
});

describe('lineUp', () => {
  it('names the turn that would start next as the first', () => {
    fc.assert(
      fc.property(turns, fc.dictionary(fc.string(), fc.nat(3)), (given, counts) => {
        const heads = given.filter(({ group, position }) =>
          given.every((other) => other.group !== group || other.position >= position),
        );
        const shares = {
          running: new Map(Object.entries(counts)),
          served: new Map(heads.map(({ chat }, index) => [chat, index % 3])),
        };
        const line = lineUp(heads, shares);
        expect(new Set(line)).toEqual(new Set(heads));
        expect(line[0]).toBe(chooseNext(heads, shares, 1_000));
      }),
    );
  });
});
