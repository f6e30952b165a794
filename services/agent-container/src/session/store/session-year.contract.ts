import { mkdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { outboxObject, SESSION_MAPPING_DAYS, sessionObjectKey } from '@omnicloud/storage';
import { describe, expect, it } from 'vitest';
import { replayable } from '../last-turn.ts';
import { ID, type Machine, newMachine } from '../machine.fixture.ts';
import type { SessionStore } from './session-store.ts';
import { readTasks, writeTasks } from '../transcript/task-list.ts';

const TASK = { id: '1', subject: 'Outlive the year', status: 'in_progress', blockedBy: [] };
/** Each of these turns leaves a small pack; so few are never put together. */
const ADDED_LATER = 6;

/** A store whose objects grow old at once. */
export interface AgeingStore {
  readonly store: SessionStore;
  /** Makes every object older; those that are 90 days old then are removed, as the bucket's lifecycle removes them. */
  readonly pass: (days: number) => Promise<void>;
}

/** On a busy machine; no turn waits for anything else. */
const YEAR_LIMIT_MS = 180_000;

const big = (): Buffer => Buffer.alloc(5_000_000, 'a pack of its own');
const text = (body: Uint8Array | undefined): string => Buffer.from(body ?? []).toString();

/** What a session keeps as long as its turns go on, though its store removes what was written 90 days ago. */
export function describeSessionYear(name: string, open: () => Promise<AgeingStore>): void {
  describe(`${name} over a year`, () => {
    // The longest that a conversation may be silent and still go on with its session.
    it.each([20, SESSION_MAPPING_DAYS - 1])(
      'keeps all that a session names, with a turn every %i days',
      async (days) => {
        const { store, pass } = await open();
        const first = await newMachine({ store });
        await begin(first);
        await saveTurn(first, 0);
        for (let day = days, turn = 1; day <= 366; day += days, turn += 1) {
          await pass(days);
          const ages = (await store.list(`sessions/${ID}/`))
            .filter(({ key }) => !key.includes('/outbox/'))
            .map(({ modified }) => Date.now() - modified.getTime());
          expect(Math.max(...ages) / 86_400_000).toBeLessThan(60);
          expect(text((await store.get(sessionObjectKey(ID, outboxObject(sentIn(turn - 1)))))?.body)).toBe(
            'sent',
          );
          const machine = await newMachine({ store });
          expect(await machine.restore()).toEqual([]);
          await expectWhole(machine, turn - 1);
          await saveTurn(machine, turn);
        }
      },
      YEAR_LIMIT_MS,
    );
  });
}

async function begin(machine: Machine): Promise<void> {
  const { home } = machine;
  await machine.write({
    'workspace/notes.md': 'Grüße 👋',
    'workspace/src/main.py': 'print(1)',
    'workspace/big.bin': big(),
    [`config/projects/p/${ID}/tool-results/1.txt`]: 'a large result',
    'config/plans/plan.md': 'step 1',
  });
  await mkdir(join(home.workspace, 'empty'));
  await symlink('src/main.py', join(home.workspace, 'main'));
  await writeTasks(home.tasks, [TASK]);
  await writeFile(home.debugLog, 'the first line\n');
}

async function saveTurn(machine: Machine, turn: number): Promise<void> {
  await machine.write({
    'workspace/diary.md': `turn ${turn}`,
    ...(turn <= ADDED_LATER ? { [`workspace/added-${turn}`]: `in turn ${turn}` } : {}),
  });
  const file = { file_id: sentIn(turn), name: 'report.txt', size: 4 };
  await machine.save({
    turn: { ...ANSWERED, idempotency_key: `turn-${turn}`, files: [file] },
    outbox: [{ file, read: () => Promise.resolve(Buffer.from('sent')) }],
  });
}

async function expectWhole(machine: Machine, turn: number): Promise<void> {
  const { home } = machine;
  const read = (path: string): Promise<string> => readFile(join(home.root, path), 'utf8');
  expect(await read('workspace/notes.md')).toBe('Grüße 👋');
  expect(await read('workspace/src/main.py')).toBe('print(1)');
  expect(await read(`config/projects/p/${ID}/tool-results/1.txt`)).toBe('a large result');
  expect(await read('config/plans/plan.md')).toBe('step 1');
  expect(await read('workspace/diary.md')).toBe(`turn ${turn}`);
  for (let added = 0; added <= Math.min(turn, ADDED_LATER); added += 1)
    expect(await read(`workspace/added-${added}`)).toBe(`in turn ${added}`);
  expect((await readFile(join(home.workspace, 'big.bin'))).equals(big())).toBe(true);
  expect(await readlink(join(home.workspace, 'main'))).toBe('src/main.py');
  expect(await readTasks(home.tasks)).toEqual([TASK]);
  expect(await readFile(home.debugLog, 'utf8')).toBe('the first line\n');
  expect(await readFile(home.transcript, 'utf8')).toContain('"type":"assistant"');
  const question = { userMessage: 'not recorded', attachments: undefined };
  expect(replayable(await machine.stored(), `turn-${turn}`, question)).toMatchObject({ answer: 'Done.' });
}

const sentIn = (turn: number): string => `0190c8a4-0000-4000-8000-${String(turn).padStart(12, '0')}`;

const ANSWERED = {
  answer: 'Done.',
  cost_usd: 0,
  turns: 1,
  is_stopped: false,
  is_paused: false,
  usage: { input_tokens: 1, output_tokens: 1, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 },
};
