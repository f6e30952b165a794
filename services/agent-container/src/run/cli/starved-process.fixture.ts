// a process without a free descriptor → asks for a CLI → frees them → says what it was told, and that it lives
import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { AgentError } from '../../errors.ts';
import { sessionHome } from '../../session/home/session-home.ts';
import { cliProcess } from './spawn-cli.ts';

const cli = cliProcess(sessionHome(process.cwd(), 'starved'));
const held: number[] = [];
let code = '';
try {
  for (;;) held.push(openSync('/dev/null', 'r'));
} catch {
  // None is left now.
}
try {
  const { signal } = new AbortController();
  cli.spawn({ command: process.execPath, args: ['-v'], cwd: process.cwd(), env: {}, signal });
} catch (error) {
  code = (error as AgentError).code;
}
// The reason comes as an event.
await delay(50);
for (const descriptor of held) closeSync(descriptor);
await cli.end();
console.log(JSON.stringify({ code, failure: cli.failure()?.code, cause: cli.failure()?.cause }));
