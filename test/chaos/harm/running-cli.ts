import { readdir, readFile } from 'node:fs/promises';

/** What the command line of the agent's CLI has in it. */
const CLI = /(?:^|\/)claude(?:\0|$)/;
/** In `/proc/<pid>/stat`, behind the name in brackets: the state, and the parent. */
const PARENT = /\) \S (\d+) /;

/** @returns the process ids of the CLIs that a process runs, at whatever depth; none elsewhere than on Linux. */
export async function runningClis(ofPid: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const pid of await pids()) {
    const stat = await read(`/proc/${pid}/stat`);
    const [, parent] = PARENT.exec(stat) ?? [];
    if (parent !== undefined) parents.set(pid, Number(parent));
  }
  const isWithin = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent === ofPid || (parent !== undefined && parent > 1 && isWithin(parent));
  };
  const within = [...parents.keys()].filter(isWithin);
  const commands = await Promise.all(within.map((pid) => read(`/proc/${pid}/cmdline`)));
  return within.filter((_, index) => CLI.test(commands[index] ?? ''));
}

async function pids(): Promise<number[]> {
  try {
    return (await readdir('/proc')).map(Number).filter((pid) => pid > 0);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

/** @returns nothing of a process that has ended. */
async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isGone(error)) return '';
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    (error.code === 'ENOENT' || error.code === 'ESRCH' || error.code === 'EACCES')
  );
}
