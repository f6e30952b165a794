// the CLI, Node → a file that may be executed and not read: as it lies there, or a copy that is made once
import { constants } from 'node:fs';
import { chmod, copyFile, mkdir, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { basename, dirname, join, sep } from 'node:path';
import { ConfigError } from '@omnicloud/settings';

const SDK = '@anthropic-ai/claude-agent-sdk';
const EXECUTE_ONLY = 0o111;

/** @returns the program that the Agent SDK would start (SDK 0.3.330 looks for these packages in this order). */
export function installedCli(): string {
  const sdk = createRequire(createRequire(import.meta.url).resolve(SDK));
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  const names = [
    `${SDK}-${process.platform}-${process.arch}`,
    `${SDK}-${process.platform}-${process.arch}-musl`,
  ];
  const isMusl = process.platform === 'linux' && report.header?.glibcVersionRuntime === undefined;
  for (const name of isMusl ? names.toReversed() : names) {
    try {
      return sdk.resolve(`${name}/claude`);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND')) throw error;
    }
  }
  throw new ConfigError([`The Agent SDK's CLI for ${process.platform} on ${process.arch} is not installed.`]);
}

/** @returns the CLI as a confined run executes it. @throws ConfigError when it cannot be had in such a form. */
export async function closedCli(): Promise<string> {
  return closedProgram(installedCli());
}

/**
 * The kernel shows neither memory nor environment nor descriptors of a process to others of its user when that user may not read
 * its program (execve(2); "dumpable" in proc(5)). A copy is named after size and time of the original and is made only once.
 * @returns the program itself when it belongs to root and nobody else may read it, otherwise a copy of it.
 * @throws ConfigError when no folder takes a copy.
 */
export async function closedProgram(program: string, caches = cachesFor(program)): Promise<string> {
  const { size, mtimeMs, mode, uid } = await stat(program);
  if (uid === 0 && (mode & 0o044) === 0) return program;
  const name = `${basename(program)}-${size}-${Math.trunc(mtimeMs)}`;
  const problems: string[] = [];
  for (const cache of caches) {
    const copy = join(cache, name);
    try {
      if (await isClosed(copy)) return copy;
      await copyClosed(program, copy);
      return copy;
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new ConfigError([
    `AGENT_SHELL=on needs a copy of ${program} that can be executed and not read, and there is no place for it (${problems.join('; ')}). Make one of these folders writable, or give the program to root with mode 0711.`,
  ]);
}

/** A folder each, because the folder of a program can be seen by the run. */
function cachesFor(program: string): string[] {
  const modules = program.lastIndexOf(`${sep}node_modules${sep}`);
  const besides = modules === -1 ? [] : [join(program.slice(0, modules), 'node_modules', '.cache')];
  const own = createRequire(import.meta.url).resolve(SDK);
  const root = own.slice(0, own.lastIndexOf(`${sep}node_modules${sep}`));
  const folders = [...besides, join(root, 'node_modules', '.cache'), join(homedir(), '.cache')];
  return [...new Set(folders)].map((folder) => join(folder, 'omnicloud', 'closed', basename(program)));
}

async function isClosed(copy: string): Promise<boolean> {
  const found = await stat(copy).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  return found?.uid === process.getuid?.() && found !== undefined && (found.mode & 0o777) === EXECUTE_ONLY;
}

async function copyClosed(program: string, copy: string): Promise<void> {
  await mkdir(dirname(copy), { recursive: true, mode: 0o755 });
  const draft = `${copy}.${process.pid}-${performance.now()}`;
  try {
    await copyFile(program, draft, constants.COPYFILE_FICLONE);
    await chmod(draft, EXECUTE_ONLY);
    await rename(draft, copy);
  } finally {
    await rm(draft, { force: true });
  }
}
