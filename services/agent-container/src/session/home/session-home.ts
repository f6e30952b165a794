import { join } from 'node:path';

/**
 * The directories of one session on this machine. Everything the CLI reads or writes for it lies below `root`,
 * so that nothing of one session is reachable from another's.
 */
export interface SessionHome {
  readonly sessionId: string;
  readonly root: string;
  /** `CLAUDE_CONFIG_DIR` of the CLI. */
  readonly config: string;
  /** The agent's working directory. */
  readonly workspace: string;
  readonly transcript: string;
  /** Where the CLI keeps large tool results and subagent transcripts of this session. */
  readonly transcriptFolder: string;
  readonly tasks: string;
  readonly debugLog: string;
  readonly temporary: string;
  /** `HOME` of the CLI and of what it starts: for caches and settings of tools, which last as long as one run. */
  readonly userHome: string;
  /** What the agent has sent and is not stored yet; the server's alone. */
  readonly spool: string;
  /** Names the running CLI process, so that one left over by a killed server is found. */
  readonly processFile: string;
}

/** Fixed by `CLAUDE_CODE_PROJECT_DIR_NAME`, so that the transcript's place does not depend on the workspace's path. */
export const PROJECT_DIRECTORY_NAME = 'p';

/** @returns where the session lives below `workRoot`; nothing is created. */
export function sessionHome(workRoot: string, sessionId: string): SessionHome {
  const root = join(workRoot, sessionId);
  const config = join(root, 'config');
  const project = join(config, 'projects', PROJECT_DIRECTORY_NAME);
  return {
    sessionId,
    root,
    config,
    workspace: join(root, 'workspace'),
    transcript: join(project, `${sessionId}.jsonl`),
    transcriptFolder: join(project, sessionId),
    tasks: join(config, 'tasks', sessionId),
    debugLog: join(config, 'debug', `${sessionId}.txt`),
    temporary: join(root, 'tmp'),
    userHome: join(root, 'tmp', 'home'),
    spool: join(root, 'spool'),
    processFile: join(root, 'cli.pid'),
  };
}
