import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const AGENT_PACKAGE = fileURLToPath(
  new URL('../../../services/agent-container/package.json', import.meta.url),
);

/** The Agent SDK brings the CLI in a package for each platform. @returns undefined when none is installed for this one. */
export function cliPath(): string | undefined {
  const sdk = createRequire(AGENT_PACKAGE);
  const program = process.platform === 'win32' ? 'claude.exe' : 'claude';
  for (const libc of ['', '-musl']) {
    const name = `@anthropic-ai/claude-agent-sdk-${process.platform}-${process.arch}${libc}`;
    try {
      return join(dirname(sdk.resolve(`${name}/package.json`)), program);
    } catch (error) {
      const isAbsent = error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND';
      if (!isAbsent) throw error;
    }
  }
  return undefined;
}
