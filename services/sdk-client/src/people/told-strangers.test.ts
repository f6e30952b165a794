import { expect, it } from 'vitest';
import { QueueUnavailableError } from '../errors.ts';
import { acceptUpdate, type Intake } from '../receive/accept-update.ts';
import { ToldStrangers } from './told-strangers.ts';
import { NO_BACKLOG, NO_STOPS, privateMessage, RECEPTION, STRANGER } from '../receive/updates.fixture.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

it('A stranger is told once a day', () => {
  let now = 0;
  const strangers = new ToldStrangers(() => now);
  expect([strangers.tell('1'), strangers.tell('1'), strangers.tell('2')]).toEqual([true, false, true]);
  now = DAY_MS;
  expect([strangers.tell('1'), strangers.tell('1')]).toEqual([true, false]);
});

it('A thousand strangers are told a day, and no memory is spent on more', () => {
  let now = 0;
  const strangers = new ToldStrangers(() => now);
  const told = Array.from({ length: 5_000 }, (_, id) => strangers.tell(String(id)));
  expect(told.filter(Boolean)).toHaveLength(1_000);
  now = DAY_MS;
  expect(strangers.tell('4999')).toBe(true);
});

it('Sixty messages of a stranger are one turn and one line in the log, and one that was not queued does not count', async () => {
  const queued: number[] = [];
  const lines: unknown[] = [];
  let isDown = true;
  const intake: Intake = {
    ...RECEPTION,
    queue: {
      enqueue: ({ update_id: id }) => {
        if (isDown) return Promise.reject(new QueueUnavailableError('down'));
        queued.push(id);
        return Promise.resolve('queued');
      },
    },
    stops: NO_STOPS,
    backlog: NO_BACKLOG,
    strangers: new ToldStrangers(),
    onStranger: (userId, updateId) => lines.push([userId, updateId]),
    onIgnored: () => undefined,
    onError: () => undefined,
  };
  const write = (id: number): Promise<string> =>
    acceptUpdate({ ...privateMessage({ text: 'hi', from: STRANGER }), update_id: id }, intake);
  expect(await write(0)).toBe('later');
  isDown = false;
  for (let id = 0; id < 60; id += 1) expect(await write(id)).toBe('taken');
  expect(queued).toEqual([0]);
  expect(lines).toEqual([[String(STRANGER.id), 0]]);
});
