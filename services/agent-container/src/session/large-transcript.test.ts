import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sessionObjectKey } from '@omnicloud/storage';
import { expect, it } from 'vitest';
import { ID, newMachine } from './machine.fixture.ts';
import { persist } from './persist.ts';
import { startProcess } from './started-process.fixture.ts';
import { temporaryDirectory } from './home/temporary-directory.fixture.ts';
import { longTranscript } from './transcript/transcript.fixture.ts';

const LEAST_BYTES = 100 * 1024 * 1024;

/** Beside the CLI, in 2 GB: what was restored and what is saved are held at once, and some of what is read on the way is not yet freed. */
const MOST_TIMES_IN_MEMORY = 4.3;

it('A transcript of 100 MB is saved, opened and laid out elsewhere, and is never in memory many times', async () => {
  const one = await newMachine();
  const written = longTranscript(LEAST_BYTES, one.home.workspace);
  await writeFile(one.home.transcript, written);
  await persist(one.home, one.store, { before: undefined });
  const stored = await one.store.get(sessionObjectKey(ID, 'conversation.jsonl'));
  expect(written.equals(stored?.body ?? Buffer.of())).toBe(true);

  const elsewhere = await temporaryDirectory();
  const turn = startProcess('./large-transcript-process.fixture.ts', [one.objects, elsewhere, ID]);
  const [told = ''] = await turn.rest();
  expect((JSON.parse(told) as { grownBytes: number }).grownBytes).toBeLessThan(
    MOST_TIMES_IN_MEMORY * written.byteLength,
  );
  const saved = await one.store.get(sessionObjectKey(ID, 'conversation.jsonl'));
  const moved = Buffer.from(saved?.body ?? '');
  expect(moved.byteLength).toBeGreaterThan(LEAST_BYTES);
  expect(moved.includes(one.home.root)).toBe(false);
  expect(moved.includes(join(elsewhere, ID, 'workspace'))).toBe(true);
}, 60_000);
