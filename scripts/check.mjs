// npm run check: everything a machine can judge about the sources, all of it even when one part fails.
import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** The one that takes longest comes first; each uses one core. */
const CHECKS = {
  lint: ['eslint', '--max-warnings', '0', '.'],
  format: ['prettier', '--check', '.'],
  types: ['tsc', '-p', '.'],
  'types of the page': ['tsc', '-p', 'demo/web'],
  'types of the infrastructure': ['tsc', '-p', 'infra', '--noEmit'],
  layers: [
    'depcruise',
    'packages',
    'services',
    'demo/src',
    'infra/src',
    'local/src',
    'operate/src',
    'scripts',
    'test',
    'bench',
  ],
  'unused code': ['knip'],
};

/** Runs one check and shows what it said once it has ended, so that the words of two checks do not mix. */
async function passes(name, [command, ...args]) {
  const said = [];
  const check = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  });
  check.stdout.on('data', (chunk) => said.push(chunk));
  check.stderr.on('data', (chunk) => said.push(chunk));
  const hasPassed = await new Promise((resolve) => {
    check.once('error', (error) => {
      said.push(Buffer.from(`${error.message}\n`));
      resolve(false);
    });
    check.once('close', (code) => resolve(code === 0));
  });
  console.log(`— ${name}: ${command} ${args.join(' ')}`);
  process.stdout.write(Buffer.concat(said));
  return hasPassed;
}

const failed = [];
const waiting = Object.entries(CHECKS);
async function work() {
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const [name, command] = next;
    if (!(await passes(name, command))) failed.push(name);
  }
}
await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, work));

if (failed.length > 0) {
  console.error(`\nnot clean: ${failed.join(', ')}`);
  process.exit(1);
}
console.log('\nall checks are clean');
