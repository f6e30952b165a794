// workspaces of some sizes → saved, saved again, saved with one change, restored where all is there, restored on an empty disk → ms, calls, bytes
import { randomBytes } from 'node:crypto';
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DirectorySessionStore } from '@omnicloud/agent-container';
import { DEFAULT_AGENT_FOLDER } from '@omnicloud/agent-container/internal/run/agent-image.ts';
import { openSession } from '@omnicloud/agent-container/internal/session/open-session.ts';
import { persist } from '@omnicloud/agent-container/internal/session/persist.ts';
import {
  NOTHING_STORED,
  readStoredSession,
  restore,
} from '@omnicloud/agent-container/internal/session/restore.ts';
import {
  type SessionHome,
  sessionHome,
} from '@omnicloud/agent-container/internal/session/home/session-home.ts';
import {
  jsonl,
  wholeTurn,
} from '@omnicloud/agent-container/internal/session/transcript/transcript.fixture.ts';
import { countingStore } from './counting-store.ts';
import { inKb, inMs, printTable, timed, times } from './measure.ts';

const ID = '0190c8a4-0000-4000-8000-000000000001';
const FILE_BYTES = 2_000;
const FILES_A_FOLDER = 50;
/** As large as the CLI's own after a first turn, and again after each further one. */
const TURN_BYTES = 180_000;

/** @param plainMs what a plain call of the Agent SDK took in this run. */
export async function measureWorkspaces(
  root: string,
  counts: readonly number[],
  plainMs: number,
): Promise<void> {
  const rows: string[][] = [];
  for (const count of counts) {
    const folder = join(root, `${count}-files`);
    const store = countingStore(new DirectorySessionStore(join(folder, 'objects')));
    const row = async (what: string, act: () => Promise<unknown>): Promise<void> => {
      store.take();
      const { ms } = await timed(act);
      const { puts, sentBytes, gets, receivedBytes } = store.take();
      const traffic = [String(puts), inKb(sentBytes), String(gets), inKb(receivedBytes)];
      rows.push([`${count} files: ${what}`, inMs(ms), times(ms / plainMs), ...traffic]);
    };
    const saveRow = async (what: string): Promise<void> => {
      await appendTurn(one);
      const { version: before, files } = await readStoredSession(store, ID);
      await row(what, () => persist(one, store, { before, files }));
    };
    const restoreRow = (what: string, home: SessionHome): Promise<void> =>
      row(what, async () =>
        restore(await openSession(store, ID, fail), home, { imageFolder: DEFAULT_AGENT_FOLDER }),
      );
    const one = sessionHome(join(folder, 'one'), ID);
    const other = sessionHome(join(folder, 'other'), ID);
    await restore(NOTHING_STORED, one, { imageFolder: DEFAULT_AGENT_FOLDER });
    await writeFiles(one, count);
    await saveRow('first save');
    await saveRow('saved again');
    await appendFile(join(one.workspace, 'changed.txt'), 'one line more\n');
    await saveRow('saved with one file changed');
    await restoreRow('restored where it was', one);
    await restoreRow('restored on an empty disk', other);
  }
  printTable(
    'The session beside the CLI, in the embedded store (ratio: to a plain first call above)',
    ['', 'time', 'ratio', 'puts', 'sent', 'gets', 'received'],
    rows,
  );
}

async function writeFiles(home: SessionHome, count: number): Promise<void> {
  await writeFile(join(home.workspace, 'changed.txt'), 'one line\n');
  for (let n = 1; n < count; n += 1) {
    const path = join(home.workspace, String(Math.floor(n / FILES_A_FOLDER)), `${n}.txt`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, randomBytes(FILE_BYTES / 2).toString('hex'));
  }
}

/** What a turn adds to the transcript. */
async function appendTurn(home: SessionHome): Promise<void> {
  const turn = wholeTurn({ answer: 'x'.repeat(TURN_BYTES), cwd: home.workspace });
  await appendFile(home.transcript, jsonl(...turn));
}

function fail(error: unknown): never {
  throw error;
}
