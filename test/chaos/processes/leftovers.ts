import { readdir } from 'node:fs/promises';
import { endLeftoverCli } from '@omnicloud/agent-container/internal/session/home/end-leftover-cli.ts';
import { sessionHome } from '@omnicloud/agent-container/internal/session/home/session-home.ts';

/** Ends the CLIs that killed agent servers left behind. */
export async function endLeftovers(workRoots: readonly string[]): Promise<void> {
  for (const workRoot of workRoots) {
    for (const sessionId of await sessionsIn(workRoot))
      await endLeftoverCli(sessionHome(workRoot, sessionId));
  }
}

async function sessionsIn(workRoot: string): Promise<string[]> {
  try {
    return await readdir(workRoot);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
