import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A cold JVM or Python on a busy machine takes several seconds. */
const START_LIMIT_MS = 90_000;
const POLL_INTERVAL_MS = 50;
/** How long a server may take to end when it is asked to; then it is killed. */
const STOP_LIMIT_MS = 5_000;
const KEPT_OUTPUT_LENGTH = 4_000;

export interface RunningServer {
  /** e.g. `http://127.0.0.1:41234` */
  readonly endpoint: string;
  /** Ends the process and waits until it is gone; also when it already is. */
  stop(): Promise<void>;
}

/**
 * Starts a server on a free port of 127.0.0.1 and waits until it answers HTTP, with whatever status.
 * It ends with this process, unless that is killed by SIGKILL.
 * @param argumentsFor the program's arguments when it shall listen on the given port.
 * @throws Error with the program's last output when it ends before it answers, or does not answer within 90 s.
 */
export async function startServer(
  program: string,
  argumentsFor: (port: number) => string[],
): Promise<RunningServer> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const child = spawn(program, argumentsFor(port), { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-KEPT_OUTPUT_LENGTH);
    });
  }
  const stopWithThisProcess = endWithThisProcess(child);
  const stop = async (): Promise<void> => {
    await end(child);
    stopWithThisProcess();
  };
  try {
    await untilItAnswers(child, endpoint);
  } catch (error) {
    await stop();
    throw new Error(`${program} did not start as a server: ${output}`, { cause: error });
  }
  return { endpoint, stop };
}

async function untilItAnswers(child: ChildProcess, endpoint: string): Promise<void> {
  let failure: Error | undefined;
  child.once('error', (error) => (failure = error));
  child.once('exit', (code, signal) => (failure = new Error(`It ended with ${code ?? signal ?? 'nothing'}`)));
  const deadlineMs = Date.now() + START_LIMIT_MS;
  let lastRefusal: unknown;
  while (Date.now() < deadlineMs) {
    // Lets an event that has already happened be heard.
    await sleep(POLL_INTERVAL_MS);
    if (failure) throw failure;
    try {
      await fetch(endpoint, { signal: AbortSignal.timeout(START_LIMIT_MS) });
      return;
    } catch (error) {
      lastRefusal = error;
    }
  }
  throw new Error(`It did not answer within ${START_LIMIT_MS} ms`, { cause: lastRefusal });
}

/** @returns what takes the arrangement back. */
function endWithThisProcess(child: ChildProcess): () => void {
  const kill = (): void => void child.kill('SIGKILL');
  const killAndEnd = (signal: NodeJS.Signals): void => {
    kill();
    // Only now has the signal its usual effect, provided that nobody else has a plan for it.
    process.removeListener(signal, killAndEnd);
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  process.on('exit', kill);
  process.on('SIGINT', killAndEnd);
  process.on('SIGTERM', killAndEnd);
  return () => {
    process.removeListener('exit', kill);
    process.removeListener('SIGINT', killAndEnd);
    process.removeListener('SIGTERM', killAndEnd);
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await exited;
  clearTimeout(timer);
}

/** @returns a port of 127.0.0.1 that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('A TCP server has no port');
  return address.port;
}
