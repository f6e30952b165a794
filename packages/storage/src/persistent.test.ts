import { expect, it } from 'vitest';
import { persistent } from './persistent.ts';

class Counter {
  readonly calls: string[] = [];
  #failures: (Error | undefined)[];

  constructor(...failures: (Error | undefined)[]) {
    this.#failures = failures;
  }

  find(key: string): Promise<string> {
    return this.#call(`find ${key}`);
  }

  add(key: string): Promise<string> {
    return this.#call(`add ${key}`);
  }

  #call(what: string): Promise<string> {
    this.calls.push(what);
    const failure = this.#failures.shift();
    return failure ? Promise.reject(failure) : Promise.resolve(what);
  }
}

const broken = (): Error => Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR' });
const forGood = (): Error => Object.assign(new Error('is no record'), { retryable: false });

it('A call that fails is made again, up to four times, on the very store', async () => {
  const healed = new Counter(broken(), broken(), broken());
  expect(await persistent(healed, ['find']).find('a')).toBe('find a');
  expect(healed.calls).toEqual(Array(4).fill('find a'));
  const away = new Counter(...Array.from({ length: 5 }, broken));
  await expect(persistent(away, ['find']).find('a')).rejects.toThrow('disk I/O error');
  expect(away.calls).toHaveLength(4);
});

it('What would have its effect twice, and what no try repairs, is called once', async () => {
  const store = new Counter(broken(), forGood());
  const port = persistent(store, ['find']);
  await expect(port.add('a')).rejects.toThrow('disk I/O error');
  await expect(port.find('a')).rejects.toThrow('is no record');
  expect(store.calls).toEqual(['add a', 'find a']);
  expect(port.calls).toBe(store.calls);
});
