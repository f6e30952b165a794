import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** @returns an empty directory, without symbolic links in its path, that is removed when the test is over. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'omnicloud-agent-')));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}
