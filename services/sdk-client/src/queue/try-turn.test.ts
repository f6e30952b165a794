import { expect, it, vi } from 'vitest';
import { TurnTakenOverError } from '../errors.ts';
import { sampleTurn } from './sample-turn.fixture.ts';
import { DONE } from './serving.fixture.ts';
import {
  MAX_DELIVERIES,
  MAX_GIVE_UP_DELIVERIES,
  MAX_GIVE_UP_TRIES,
  tryTurn,
  type Verdict,
} from './try-turn.ts';
import { MAX_TRIES, type Outcome } from './turn-queue.ts';

const TURN = sampleTurn(1);

/** Makes the given try with a handler that answers `outcome` and cannot give up; delays are 100 ms times the counted try. */
async function judge(attempt: number, outcome: Outcome = { kind: 'retry' }) {
  const handle = vi.fn(() => Promise.resolve(outcome));
  const giveUp = vi.fn(() => Promise.reject(new Error('cannot')));
  const onError = vi.fn();
  const policy = { retryDelayMs: (failed: number) => failed * 100, onError };
  const verdict: Verdict = await tryTurn({ handle, giveUp }, TURN, attempt, policy);
  return { verdict, handled: handle.mock.calls.length, givenUp: giveUp.mock.calls.length, onError };
}

it('is done with a turn whose handler is, even in the last try', async () => {
  expect(await judge(MAX_TRIES, DONE)).toMatchObject({ verdict: { kind: 'done' }, handled: 1, givenUp: 0 });
});

it('waits as long as the handler asks for, or else as the try demands', async () => {
  expect((await judge(1, { kind: 'retry', afterMs: 7 })).verdict).toEqual({ kind: 'again', afterMs: 7 });
  expect((await judge(2)).verdict).toEqual({ kind: 'again', afterMs: 200 });
});

it('gives up without waiting after the last try, whatever the handler asks for', async () => {
  const last = await judge(MAX_TRIES, { kind: 'retry', afterMs: 7 });
  expect(last).toMatchObject({ verdict: { kind: 'again', afterMs: 0 }, handled: 1, givenUp: 0 });
});

it('counts the delays anew while it gives up', async () => {
  const second = await judge(MAX_TRIES + 2);
  expect(second).toMatchObject({ verdict: { kind: 'again', afterMs: 200 }, handled: 0, givenUp: 1 });
  expect(second.onError).toHaveBeenCalledExactlyOnceWith(new Error('cannot'), TURN);
});

it('leaves a turn to the delivery that has gone on with it, while it handles it and while it gives up', async () => {
  const takenOver = vi.fn(() => Promise.reject(new TurnTakenOverError(TURN.update_id)));
  const onError = vi.fn();
  const policy = { retryDelayMs: () => 100, onError };
  for (const attempt of [1, MAX_TRIES, MAX_TRIES + 1, MAX_TRIES + MAX_GIVE_UP_TRIES])
    expect(await tryTurn({ handle: takenOver, giveUp: takenOver }, TURN, attempt, policy)).toEqual({
      kind: 'taken',
    });
  expect(onError).toHaveBeenCalledTimes(4);
});

it('lets the turn die at once when giving up failed for the last time', async () => {
  const last = await judge(MAX_TRIES + MAX_GIVE_UP_TRIES);
  expect(last).toMatchObject({ verdict: { kind: 'dead' }, handled: 0, givenUp: 1 });
});

it('tells the user although deliveries before it were cut off, as often as it may have tried', async () => {
  const late = await judge(MAX_TRIES + MAX_GIVE_UP_TRIES + 1);
  expect(late).toMatchObject({ verdict: { kind: 'dead' }, handled: 0, givenUp: 1 });
});

it('lets a turn die untouched that ends every worker which gives it up', async () => {
  const beyond = await judge(MAX_TRIES + MAX_GIVE_UP_DELIVERIES + 1);
  expect(beyond).toMatchObject({ verdict: { kind: 'dead' }, handled: 0, givenUp: 0 });
});

it('does not count deliveries that were put off, however many there were', async () => {
  const handle = vi.fn(() => Promise.resolve<Outcome>({ kind: 'later', afterMs: 9 }));
  const policy = { retryDelayMs: () => 100, onError: vi.fn(), receipt: 'AQEB' };
  const handler = { handle, giveUp: vi.fn(), deferrals: () => Promise.resolve(20) };
  expect(await tryTurn(handler, TURN, MAX_TRIES + 20, policy)).toEqual({ kind: 'again', afterMs: 9 });
  expect(handle).toHaveBeenCalledWith(TURN, MAX_TRIES, 'AQEB');
  expect(handler.giveUp).not.toHaveBeenCalled();
});

it('has every turn as its first try that was given out once, without asking', async () => {
  const deferrals = vi.fn(() => Promise.reject(new Error('no ledger')));
  const handler = { handle: () => Promise.resolve(DONE), giveUp: vi.fn(), deferrals };
  const policy = { retryDelayMs: () => 100, onError: vi.fn() };
  expect(await tryTurn(handler, TURN, 1, policy)).toEqual({ kind: 'done' });
  expect(deferrals).not.toHaveBeenCalled();
});

it('waits when nobody can tell how many deliveries were put off, but not for ever', async () => {
  const deferrals = (): Promise<number> => Promise.reject(new Error('no ledger'));
  const handler = { handle: vi.fn(), giveUp: vi.fn(), deferrals };
  const policy = { retryDelayMs: () => 100, onError: vi.fn() };
  expect(await tryTurn(handler, TURN, 2, policy)).toEqual({ kind: 'again', afterMs: 100 });
  expect(policy.onError).toHaveBeenCalledTimes(1);
  expect(await tryTurn(handler, TURN, MAX_DELIVERIES + 1, policy)).toEqual({ kind: 'dead' });
});

it('gives a turn out less often than SQS does before it moves a message away by itself', () => {
  // The largest `maxReceiveCount` that SQS takes.
  expect(MAX_DELIVERIES + MAX_GIVE_UP_TRIES).toBeLessThan(1_000);
});

it('counts no try while a store is away, and asks ever less often', async () => {
  const away = Object.assign(new Error('away'), { retryable: true });
  const handler = { handle: vi.fn(() => Promise.reject(away)), giveUp: vi.fn(() => Promise.reject(away)) };
  const policy = { retryDelayMs: (tries: number) => 1_000 * 4 ** (tries - 1), onError: vi.fn() };
  // The handler knows that of all the deliveries so far none could begin, or that three did.
  for (const [begun, called] of [
    [0, handler.handle],
    [MAX_TRIES, handler.giveUp],
  ] as const) {
    const pauses: unknown[] = [];
    for (const delivery of [1, 2, 3, 4, 5, 40, MAX_DELIVERIES]
      .map((each) => each + begun)
      .filter((each) => each <= MAX_DELIVERIES)) {
      const known = { ...handler, deferrals: () => Promise.resolve(delivery - 1 - begun) };
      pauses.push(await tryTurn(known, TURN, delivery, policy));
    }
    expect(called).toHaveBeenCalledTimes(pauses.length);
    expect(pauses.at(-1)).toEqual({ kind: 'again', afterMs: 120_000 });
  }
  expect(await tryTurn(handler, TURN, MAX_DELIVERIES + 1, policy)).toEqual({ kind: 'dead' });
});

/** Gives the turn up in the given delivery, with a handler that comes to this. */
async function giveUpIn(delivery: number, outcome: Outcome) {
  const onError = vi.fn();
  const sayUnnoted = vi.fn();
  const handler = { handle: vi.fn(), giveUp: () => Promise.resolve(outcome), sayUnnoted };
  const policy = { retryDelayMs: (failed: number) => failed * 100, onError };
  const verdict = await tryTurn(handler, TURN, delivery, policy);
  expect(sayUnnoted).not.toHaveBeenCalled();
  return { verdict, errors: onError.mock.calls.map(([error]) => (error as { code?: unknown }).code) };
}

it.each([MAX_TRIES + 1, MAX_DELIVERIES + 1])(
  'makes no dead letter of a turn that has an answer after all, in delivery %i',
  async (delivery) => {
    expect(await giveUpIn(delivery, DONE)).toEqual({ verdict: { kind: 'done' }, errors: [] });
    const later = { kind: 'later', afterMs: 9 } as const;
    expect(await giveUpIn(delivery, later)).toEqual({ verdict: { kind: 'again', afterMs: 9 }, errors: [] });
    expect(await giveUpIn(delivery, { kind: 'retry' })).toMatchObject({
      verdict: { kind: 'again' },
      errors: [],
    });
  },
);

it('delivers such an answer as often as it would have told the user that there is none, and reports that it could not', async () => {
  const dead = { verdict: { kind: 'dead' }, errors: ['answer_undelivered'] };
  expect(await giveUpIn(MAX_TRIES + MAX_GIVE_UP_TRIES, { kind: 'retry', afterMs: 7 })).toEqual(dead);
  for (const outcome of [{ kind: 'retry' }, { kind: 'later', afterMs: 9 }] as const)
    expect(await giveUpIn(MAX_DELIVERIES + MAX_GIVE_UP_TRIES, outcome)).toEqual(dead);
  expect((await giveUpIn(MAX_TRIES + 2, { kind: 'retry', afterMs: 7 })).verdict).toEqual({
    kind: 'again',
    afterMs: 7,
  });
});
