import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Turn } from '@omnicloud/protocol';
import type { TurnQueue } from '@omnicloud/sdk-client';
import { COMPILED } from '../compiled.ts';

const SCRIPT = join(import.meta.dirname, '..', '..', 'operate', 'src', 'redrive.ts');
const run = promisify(execFile);

/** What the script reads its settings from when it runs in the folder. */
export async function writeEnvFile(directory: string, settings: Record<string, string>): Promise<void> {
  const lines = Object.entries(settings).map(([name, value]) => `${name}='${value}'\n`);
  await writeFile(join(directory, '.env'), lines.join(''));
}

/** @returns its lines. @throws with `code` and `stderr` when it failed. */
export async function redriveIn(directory: string, ...args: string[]): Promise<string[]> {
  const { stdout } = await run(process.execPath, [SCRIPT, ...args], {
    cwd: directory,
    env: { ...COMPILED, PATH: process.env.PATH },
  });
  return stdout.trimEnd().split('\n');
}

/** Queues a turn and lets it die; retries must take no time. */
export async function letDie(queue: TurnQueue, updateId: number, changes: Partial<Turn> = {}): Promise<void> {
  await queue.enqueue({
    update_id: updateId,
    chat_id: '-1001234567890',
    chat_type: 'supergroup',
    thread_id: null,
    is_forum: false,
    message_id: updateId,
    sender: { id: '1', name: 'Ada' },
    received_at: '2026-01-01T00:00:00Z',
    ask: { kind: 'message', text: 'hello' },
    ...changes,
  });
  const stop = new AbortController();
  const giveUp = (): Promise<undefined> => {
    stop.abort();
    return Promise.resolve(undefined);
  };
  const handler = {
    handle: () => Promise.resolve({ kind: 'retry' as const }),
    deferrals: () => Promise.resolve(0),
    giveUp,
  };
  await queue.serve(handler, stop.signal);
}
