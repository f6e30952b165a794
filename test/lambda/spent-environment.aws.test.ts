// The function as on Lambda: a user of its own, no namespaces, one run at a time. What a turn leaves behind meets no other turn.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chown, cp, mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openPlace } from '@omnicloud/agent-container/internal/run/isolation/open-place.fixture.ts';
import { allProcesses } from '@omnicloud/agent-container/internal/run/isolation/process-group.ts';
import { processesOf } from '@omnicloud/agent-container/internal/run/isolation/prove-ended.ts';
import { firstUserOf } from '@omnicloud/agent-container/internal/run/isolation/test-users.fixture.ts';
import { createEvent, useAgentFunction } from './agent.fixture.ts';
import { createDeployment } from './deployment.fixture.ts';
import { type EmulatedFunction, isEmulatorMissing, startEmulated } from './emulator-process.ts';
import { CLIENT } from './function-process.ts';

/** Nothing else may run as this user: a run's end kills all that is new of it. */
const USER = firstUserOf('spent-environment');
const AS_USER = ['--reuid', String(USER), '--regid', String(USER), '--clear-groups', '--'];
const RUN_PROCESSES = 300;
/** In seconds; no other program sleeps for just so long. */
const SLEEP = '5.0617';
const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
/** The proof is tried for some seconds, on a machine that may be busy. */
vi.setConfig({ testTimeout: 240_000 });
const agent = useAgentFunction();

/** Programs lie as in the image, where they are root's, and there is nothing to make namespaces with. */
async function start(): Promise<EmulatedFunction> {
  const { folder, node } = await openPlace(0o755, { node: 0o711, cli: 0o711 });
  const app = join(folder, 'app');
  await cp(agent.folder, app, { recursive: true, filter: (path) => basename(path) !== 'node_modules' });
  const client = join(folder, 'node_modules', 'aws-lambda-ric');
  await cp(dirname(CLIENT), client, { recursive: true, dereference: true });
  const data = join(folder, 'own');
  await mkdir(data);
  await chown(data, USER, USER);
  const without = 'mount --bind /dev/null "$(command -v unshare)"; exec "$@"';
  const command = [
    ...['unshare', '--mount', '--', 'sh', '-ec', without, 'sh'],
    ...['setpriv', ...AS_USER],
    // setpriv still has root's rights when it starts a program, by which that one counts as readable. Each environment begins with an empty disk.
    ...['sh', '-c', 'WORK_ROOT="$WORK_ROOT/$$" exec "$@"', 'sh', node, join(client, basename(CLIENT))],
  ];
  // As on Lambda, sessions are kept elsewhere: what this user may read, the shell may read too.
  const { bucket, table, endpoints } = await createDeployment();
  const environment = agent.environment({
    DATA_DIR: '',
    ...endpoints,
    SESSION_BUCKET: bucket,
    SESSION_TABLE: table,
    HOME: data,
    WORK_ROOT: join(data, 'work'),
    AGENT_FOLDER: join(app, 'agent'),
    AGENT_SHELL: 'on',
    AGENT_NETWORK: 'on',
    RUN_PROCESSES: String(RUN_PROCESSES),
  });
  const running = await startEmulated(app, 'lambda.handler', environment, { command });
  onTestFinished(() => running.stop());
  return running;
}

/** As often as the worker tries a turn. */
const TRIES = 3;

/**
 * An environment that has just ended may still be given the next call, which fails then. A CLI that may start no further process, because the dead
 * ones of its shell are not all collected yet, ends. The worker asks again, and so does this.
 * @returns what the shell printed.
 */
async function turn(running: EmulatedFunction, command: string): Promise<string> {
  for (let tries = 1; ; tries += 1) {
    agent.model.clear();
    agent.model.reply({ type: 'tool_use', name: 'Bash', input: { command } });
    agent.model.reply('Done.');
    const answer = (await running.invoke(createEvent('Go on'))).body.toString();
    const isToBeRepeated = answer.includes('Runtime.ExitError') || answer.includes('"retryable":true');
    if (isToBeRepeated && tries < TRIES) continue;
    expect(answer).toContain('"finished"');
    return JSON.stringify(agent.model.requests.at(-1)?.body.messages);
  }
}

const startsOf = ({ lines }: EmulatedFunction): number =>
  lines.filter((line) => line.includes('INIT START')).length;

/** Another program begins and ends so often that no look at the processes is worth anything by itself. @returns what ends it. */
function makeNoise(): () => void {
  // The kernel lets it have its turn before whatever else a busy machine does.
  const loop = 'chrt --rr --pid 1 $$ || :; while :; do sleep 0.002; done';
  const noise = spawn('sh', ['-c', loop], { stdio: 'ignore' });
  const end = (): void => void noise.kill('SIGKILL');
  onTestFinished(end);
  return end;
}

/** From now on, the function cannot start as many processes as would prove it. What runs already keeps its limits. */
async function allowFewProcesses(): Promise<void> {
  const [server] = (await processesOf(USER)).toSorted((a, b) => Number(a.started) - Number(b.started));
  if (!server) throw new Error('The function does not run');
  const limit = ['prlimit', '--pid', String(server.pid), '--nproc=20:20'];
  const [code] = (await once(spawn('setpriv', [...AS_USER, ...limit]), 'exit')) as unknown[];
  expect(code).toBe(0);
}

const LEAVER = `(setsid perl -e 'while (1) { if (fork) { select undef, undef, undef, 0.003; exit } $0 = "leaver-of-a-turn" }' >/dev/null 2>&1 &); id -u`;

describe.skipIf(isEmulatorMissing || !isRoot)("the agent's function, in AWS's own emulator (as root)", () => {
  it('goes on when it is proven that nothing of a turn is left', async () => {
    const running = await start();
    expect(await turn(running, LEAVER)).toContain(String(USER));
    expect(await commandsWith('leaver-of-a-turn')).toEqual([]);
    await turn(running, 'true');
    expect(startsOf(running)).toBe(1);
  });

  it('ends after its answer when that cannot be proven, and the next turn has an environment of its own', async () => {
    const running = await start();
    const going = turn(running, `sleep ${SLEEP}`);
    await expect.poll(() => commandsWith(`sleep\0${SLEEP}`), { timeout: 120_000 }).not.toEqual([]);
    await allowFewProcesses();
    const endNoise = makeNoise();
    await going;
    endNoise();
    const ended = (): boolean => running.lines.some((line) => line.includes('Ending this environment'));
    await expect.poll(ended, { timeout: 60_000 }).toBe(true);
    // Lambda's next environment is another machine; here, what has ended counts for the user until somebody has waited for it. The
    // emulator waits for the function itself with the next call.
    await expect.poll(async () => (await entriesOfUser()).length, { timeout: 60_000 }).toBeLessThan(2);
    await turn(running, 'true');
    expect(startsOf(running)).toBe(2);
  });
});

/** Dead ones too. */
async function entriesOfUser(): Promise<number[]> {
  const pids = (await allProcesses()).map(({ pid }) => pid);
  return pids.filter((pid) => readOf(pid, 'status').includes(`\nUid:\t${USER}\t`));
}

async function commandsWith(words: string): Promise<string[]> {
  return (await allProcesses()).map(({ pid }) => readOf(pid, 'cmdline')).filter((it) => it.includes(words));
}

function readOf(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    // It has just ended.
    return '';
  }
}
