import { expect, it } from 'vitest';
import { BacklogUnavailableError, QueueUnavailableError } from '../errors.ts';
import { acceptUpdate, type Intake } from './accept-update.ts';
import { NO_BACKLOG, NO_STOPS, privateMessage, RECEPTION } from './updates.fixture.ts';
import { ToldStrangers } from '../people/told-strangers.ts';

/** Accepts an update while the queue fails so; every report is collected. */
async function acceptDespite(failure: Error, reported: unknown[]): Promise<'taken' | 'later'> {
  const fail = (): Promise<never> => Promise.reject(failure);
  const queue: Intake['queue'] = { enqueue: fail };
  const onError = (error: unknown): void => void reported.push(error);
  return acceptUpdate(privateMessage({ text: 'hello' }), {
    ...RECEPTION,
    queue,
    stops: NO_STOPS,
    backlog: NO_BACKLOG,
    strangers: new ToldStrangers(),
    onStranger: () => undefined,
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

it('writes a stop down before it is queued, and takes it all the same when that failed', async () => {
  const stop = privateMessage({ text: '/stop' });
  const steps: string[] = [];
  const intake: Intake = {
    ...RECEPTION,
    queue: { enqueue: () => Promise.resolve<'queued'>((steps.push('queued'), 'queued')) },
    stops: {
      request: (sessionKey, updateId) => Promise.resolve(void steps.push(`${sessionKey} before ${updateId}`)),
    },
    backlog: NO_BACKLOG,
    strangers: new ToldStrangers(),
    onStranger: () => undefined,
    onIgnored: () => undefined,
    onError: (error) => void steps.push((error as Error).message),
  };
  expect(await acceptUpdate(stop, intake)).toBe('taken');
  expect(steps).toEqual([expect.stringMatching(/^\d+:0 before \d+$/), 'queued']);
  steps.length = 0;
  const down = { request: () => Promise.reject(new Error('table down')) };
  expect(await acceptUpdate(stop, { ...intake, stops: down })).toBe('taken');
  expect(steps).toEqual(['table down', 'queued']);
});

it('puts a message into view before it is queued, and takes it all the same when that failed', async () => {
  const steps: string[] = [];
  const note = (step: string) => Promise.resolve(void steps.push(step));
  const intake: Intake = {
    ...RECEPTION,
    queue: { enqueue: () => note('queued').then(() => 'queued') },
    stops: NO_STOPS,
    backlog: { add: () => note('in view') },
    strangers: new ToldStrangers(),
    onStranger: () => undefined,
    onIgnored: () => undefined,
    onError: (error) => void steps.push((error as Error).message),
  };
  expect(await acceptUpdate(privateMessage({ text: 'hello' }), intake)).toBe('taken');
  await acceptUpdate(privateMessage({ text: '/status' }), intake);
  expect(steps).toEqual(['in view', 'queued', 'queued']);
  steps.length = 0;
  const down = { add: () => Promise.reject(new BacklogUnavailableError('table down')) };
  const message = privateMessage({ text: 'hello' });
  expect(await acceptUpdate(message, { ...intake, backlog: down })).toBe('taken');
  expect(steps).toEqual(['table down', 'queued']);
});
