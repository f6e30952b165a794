import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { NoPlainFileError, readPlainFile, withPlainDirectory } from '../home/read-plain.ts';

/** The CLI writes lists of a dozen, of some hundred bytes each; a shell may write anything there. */
const MAX_TASKS = 1_000;
/** Names that are looked at: beside its tasks the CLI keeps a few files of its own. */
const MAX_NAMES = 2 * MAX_TASKS;
const TASK_LIMIT_BYTES = 64 * 1024;
/** Of all of them: the list goes out as one event each time it changes. */
const LIST_LIMIT_BYTES = 256 * 1024;

/**
 * One task as the CLI keeps it in `tasks/<session>/<id>.json` (seen with CLI 2.1.330). Fields we do not know travel along.
 */
const taskSchema = z.looseObject({
  id: z.string().regex(/^\d{1,9}$/),
  subject: z.string().default(''),
  status: z.string().default('pending'),
});
export type Task = z.infer<typeof taskSchema>;
const taskListSchema = z.array(taskSchema);

/**
 * May be read while the agent runs.
 * @returns the session's tasks in the order of their ids, a thousand at most, 256 KB together; what is no task is left out.
 */
export async function readTasks(directory: string): Promise<Task[]> {
  const tasks = await withPlainDirectory(directory, MAX_NAMES, async (names, through) => {
    const read: Task[] = [];
    let left = LIST_LIMIT_BYTES;
    for (const name of names.filter((each) => each.endsWith('.json')).slice(0, MAX_TASKS)) {
      const task = await readTask(join(through, name), Math.min(TASK_LIMIT_BYTES, left));
      if (!task) continue;
      left -= Buffer.byteLength(JSON.stringify(task));
      read.push(task);
    }
    return read;
  }).catch((error: unknown): Task[] => {
    if (isMissing(error)) return [];
    throw error;
  });
  return tasks.sort((a, b) => Number(a.id) - Number(b.id));
}

/** Makes the directory hold exactly these tasks. */
export async function writeTasks(directory: string, tasks: readonly Task[]): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await Promise.all(
    tasks.map((task) =>
      writeFile(join(directory, `${task.id}.json`), JSON.stringify(task, null, 2), { mode: 0o600 }),
    ),
  );
}

/** The `todos.json` object: the tasks as one JSON array. */
export function encodeTodos(tasks: readonly Task[]): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(tasks, null, 2)}\n`);
}

/** @returns the tasks of a `todos.json` object, or undefined when it is not one. */
export function decodeTodos(body: Uint8Array): Task[] | undefined {
  const parsed = taskListSchema.safeParse(parseJson(new TextDecoder().decode(body)));
  return parsed.success ? parsed.data : undefined;
}

async function readTask(path: string, limitBytes: number): Promise<Task | undefined> {
  try {
    const file = await readPlainFile(path, limitBytes);
    return taskSchema.safeParse(parseJson(file.toString('utf8'))).data;
  } catch (error) {
    if (error instanceof NoPlainFileError || isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
