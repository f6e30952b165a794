import { readFile, writeFile } from 'node:fs/promises';
import { sessionObjectKey } from '@omnicloud/protocol';
import { expect, it } from 'vitest';
import { ID, newMachine } from './machine.fixture.ts';
import { openSession } from './open-session.ts';
import { persist } from './persist.ts';
import { restore } from './restore.ts';
import { type Entry, wholeTurn } from './transcript.fixture.ts';

const LEAST_BYTES = 100 * 1024 * 1024;

it('A transcript of 100 MB is saved, opened and laid out elsewhere', async () => {
  const one = await newMachine();
  const lines: Buffer[] = [];
  let after: Entry | undefined;
  for (let bytes = 0; bytes < LEAST_BYTES; bytes += lines.at(-1)?.byteLength ?? 0) {
    const turn = wholeTurn({
      says: 'Grüße 👋',
      answer: 'x'.repeat(100_000),
      cwd: one.home.workspace,
      ...(after ? { after } : {}),
    });
    after = turn[1];
    lines.push(Buffer.from(turn.map((entry) => `${JSON.stringify(entry)}\n`).join('')));
  }
  const written = Buffer.concat(lines);
  await writeFile(one.home.transcript, written);
  await persist(one.home, one.store, { before: undefined });
  const stored = await openSession(one.store, ID, (error) => expect.fail(error.message));
  expect(written.equals(stored.conversation ?? Buffer.of())).toBe(true);

  const { home } = await one.another();
  await restore(stored, home, one.home.root);
  const moved = await readFile(home.transcript);
  expect(moved.includes(one.home.root)).toBe(false);
  expect(moved.byteLength).toBeGreaterThan(LEAST_BYTES);
  expect((await one.store.get(sessionObjectKey(ID, 'conversation.jsonl')))?.body.byteLength).toBe(
    written.byteLength,
  );
}, 60_000);
