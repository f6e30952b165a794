import { readFile, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { AgentError } from '../../errors.ts';
import { ID, type Machine, newMachine } from '../machine.fixture.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const refusal = new AgentError('store_unavailable', 'No');

/** @returns the keys of the session's packs; each is made so many days old. */
async function agePacks({ store, objects }: Machine, days: number): Promise<string[]> {
  const written = new Date(Date.now() - days * DAY_MS);
  const keys = (await store.list(`sessions/${ID}/packs/`)).map(({ key }) => key);
  for (const key of keys) await utimes(join(objects, key), written, written);
  return keys;
}

/** @returns a machine whose session has two packs. */
async function withTwoPacks(): Promise<Machine> {
  const one = await newMachine();
  await one.write({ 'workspace/a': Buffer.alloc(8_500_000, 'a'), 'workspace/b': 'b' });
  await one.save();
  return one;
}

it('Packs are written anew when they are old, and left alone until then', async () => {
  const one = await withTwoPacks();
  await agePacks(one, 27);
  await one.save();
  expect(one.store.renewed).toEqual([]);
  const keys = await agePacks(one, 29);
  await one.save();
  expect(one.store.renewed.toSorted()).toEqual(keys.toSorted());
  await one.save();
  expect(one.store.renewed).toHaveLength(2);
});

it('A pack that no file needs any more is removed, not renewed', async () => {
  const one = await newMachine();
  await one.write({ 'workspace/a': 'old' });
  await one.save();
  await agePacks(one, 40);
  await one.write({ 'workspace/a': 'new' });
  await one.save();
  expect(one.store.renewed).toEqual([]);
});

it('A turn is saved though its old packs cannot be renewed; that is reported, and the next turn renews them', async () => {
  const one = await withTwoPacks();
  const keys = await agePacks(one, 40);
  one.store.failOn(/packs\/.+/, refusal);
  const reported: unknown[] = [];
  await one.save({ onLeftover: (error) => reported.push(error) });
  expect(one.store.puts.at(-1)).toContain('conversation.jsonl');
  expect(reported).toMatchObject([
    { code: 'store_unavailable', message: /^2 of 2 old archives/, cause: { errors: [refusal, refusal] } },
  ]);
  one.store.failOn(/nothing/, refusal);
  await one.save();
  expect(one.store.renewed.toSorted()).toEqual(keys.toSorted());
});

it('One pack that cannot be renewed keeps no other from it', async () => {
  const one = await withTwoPacks();
  const [first = '', second] = await agePacks(one, 40);
  one.store.failOn(new RegExp(first), refusal);
  await one.save();
  expect(one.store.renewed).toEqual([second]);
});

it('A turn is saved though the store cannot list its packs, and that is reported', async () => {
  const one = await withTwoPacks();
  await agePacks(one, 40);
  one.store.failOn(/packs\/$/, refusal);
  const reported: unknown[] = [];
  await one.save({ onLeftover: (error) => reported.push(error) });
  expect(reported).toContain(refusal);
  expect(await (await one.another()).restore()).toEqual([]);
});

it('What a pack held that is gone from the store is sent again by a machine that still has it', async () => {
  const one = await withTwoPacks();
  for (const { key } of await one.store.list(`sessions/${ID}/packs/`)) await one.store.delete(key);
  expect(await (await one.another()).restore()).toEqual(['workspace/a', 'workspace/b']);
  await one.save();
  const other = await one.another();
  expect(await other.restore()).toEqual([]);
  expect(await readFile(join(other.home.workspace, 'b'), 'utf8')).toBe('b');
});
