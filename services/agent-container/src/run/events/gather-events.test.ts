import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { RuntimeEvent } from '../agent-runtime.ts';
import { gathered } from './gather-events.ts';

const text = (offset: number, delta: string): RuntimeEvent => ({ type: 'text', offset, delta });

async function* all(
  events: readonly RuntimeEvent[],
  error?: Error,
): AsyncGenerator<RuntimeEvent, void, undefined> {
  for (const event of events) yield event;
  await Promise.resolve();
  if (error) throw error;
}

function shown(events: readonly RuntimeEvent[]): string {
  let held = '';
  for (const event of events) if (event.type === 'text') held = held.slice(0, event.offset) + event.delta;
  return held;
}

it('leaves the reader with the same text, whatever waited together', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(30), fc.string({ maxLength: 5 })), { maxLength: 30 }),
      async (pieces) => {
        let held = '';
        const events = pieces.map(([place, delta]) => {
          const offset = Math.min(place, held.length);
          held = held.slice(0, offset) + delta;
          return text(offset, delta);
        });
        const source = gathered(all(events));
        const got: RuntimeEvent[] = [];
        for await (const event of source) got.push(event);
        expect(shown(got)).toBe(held);
      },
    ),
  ));

it('a flood of 200,000 pieces becomes a few events, and the source is not held up by a reader who is slow', async () => {
  const events = Array.from({ length: 200_000 }, (_, index) => text(index, 'x'));
  const got: RuntimeEvent[] = [];
  for await (const event of gathered(all(events))) got.push(event);
  expect(shown(got)).toHaveLength(200_000);
  expect(got.length).toBeLessThan(500);
});

it('gives everything out before the error that ended it', async () => {
  const got: RuntimeEvent[] = [];
  const failing = gathered(all([text(0, 'a'), { type: 'answer', text: 'a' }], new Error('broken')));
  await expect(
    (async () => {
      for await (const event of failing) got.push(event);
    })(),
  ).rejects.toThrow('broken');
  expect(got).toHaveLength(2);
});

it('a source that makes many tools at once waits for its reader', async () => {
  let made = 0;
  async function* tools(): AsyncGenerator<RuntimeEvent, void, undefined> {
    for (; made < 5_000; made += 1)
      yield { type: 'tool', tool_use_id: String(made), name: 'Read', phase: 'started', line: 'Read' };
    await Promise.resolve();
  }
  const events = gathered(tools());
  await events.next();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(made).toBeLessThan(1_100);
  await events.return();
});
