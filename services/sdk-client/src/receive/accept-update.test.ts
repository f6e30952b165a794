import { expect, it } from 'vitest';
import { QueueUnavailableError } from '../errors.ts';
import { acceptUpdate, type Intake } from './accept-update.ts';
import { privateMessage, RECEPTION } from './updates.fixture.ts';

/** Accepts an update while the queue fails so; every report is collected. */
async function acceptDespite(failure: Error, reported: unknown[]): Promise<'taken' | 'later'> {
  const fail = (): Promise<never> => Promise.reject(failure);
  const queue: Intake['queue'] = { enqueue: fail, serve: fail, waiting: fail, deadLetters: fail };
  const onError = (error: unknown): void => void reported.push(error);
  return acceptUpdate(privateMessage({ text: 'hello' }), {
    ...RECEPTION,
    queue,
    onIgnored: onError,
    onError,
  });
}

it('reports a queue that is down once and wants the update later', async () => {
  const failure = new QueueUnavailableError('disk full');
  const reported: unknown[] = [];
  expect(await acceptDespite(failure, reported)).toBe('later');
  expect(reported).toEqual([failure]);
});

it('leaves what nobody foresaw to its caller', async () => {
  const failure = new RangeError('a bug');
  const reported: unknown[] = [];
  await expect(acceptDespite(failure, reported)).rejects.toBe(failure);
  expect(reported).toEqual([]);
});
