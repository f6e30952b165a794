import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { CDK_STAND_IN, type CdkCall } from './cdk-stand-in.ts';
import { COMPILED } from '../compiled.ts';

const COMMANDS = join(import.meta.dirname, '..', '..', 'operate', 'src');
/** Builds arm64 images, as far as can be seen. */
const BUILDER = 'echo "Server: linux/arm64"';

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Running {
  /** What it has written so far. */
  stdout(): string;
  /** Ends it as Ctrl-C does. @returns its exit code. */
  interrupt(): Promise<number | null>;
}

export interface Operator {
  /** Where the commands are run; its `.env` is read. */
  readonly directory: string;
  /** Replaces a program on the PATH by a shell script. */
  install(program: string, script: string): Promise<void>;
  /** Everything the commands find in their environment; to be changed before a command is run. */
  readonly environment: Record<string, string>;
  run(command: string, ...args: string[]): Promise<Ran>;
  /** Begins a command that goes on until it is told to stop. */
  start(command: string, ...args: string[]): Running;
  /** What `cdk` was called with, oldest first. */
  cdkCalls(): Promise<CdkCall[]>;
}

/** Somebody at a machine that has a builder, the CDK and nothing else of ours, gone with the test. */
export async function newOperator(settings: Record<string, string>): Promise<Operator> {
  const directory = await mkdtemp(join(tmpdir(), 'operate-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const programs = join(directory, 'bin');
  const calls = join(directory, 'cdk-calls');
  const install = async (program: string, script: string): Promise<void> => {
    await writeFile(join(programs, program), `#!/bin/sh\n${script}\n`);
    await chmod(join(programs, program), 0o755);
  };
  await mkdir(programs);
  await install('docker', BUILDER);
  await install('cdk', `exec '${process.execPath}' '${CDK_STAND_IN}' "$@"`);
  const environment: Record<string, string> = {
    ...COMPILED,
    PATH: [programs, process.env.PATH].join(delimiter),
    HOME: directory,
    CDK_CALLS: calls,
    ...settings,
  };
  return {
    directory,
    environment,
    install,
    run: (command, ...args) =>
      run(join(COMMANDS, `${command}.ts`), { args, cwd: directory, env: environment }),
    start: (command, ...args) =>
      start(join(COMMANDS, `${command}.ts`), { args, cwd: directory, env: environment }),
    cdkCalls: async () => {
      const text = await readFile(calls, 'utf8').catch(() => '');
      const lines = text.split('\n').filter((line) => line !== '');
      return lines.map((line) => JSON.parse(line) as CdkCall);
    },
  };
}

async function run(
  script: string,
  { args, cwd, env }: { readonly args: string[]; readonly cwd: string; readonly env: Record<string, string> },
): Promise<Ran> {
  const child = spawn(process.execPath, [script, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

function start(
  script: string,
  { args, cwd, env }: { readonly args: string[]; readonly cwd: string; readonly env: Record<string, string> },
): Running {
  const child = spawn(process.execPath, [script, ...args], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  onTestFinished(() => void child.kill('SIGKILL'));
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  return {
    stdout: () => stdout,
    interrupt: async () => {
      child.kill('SIGINT');
      return (await closed)[0];
    },
  };
}
