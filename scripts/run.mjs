// node scripts/run.mjs <command> [arguments…]: sets the project up, then runs the command with the project's own Node and tools.
import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { compiled, nodeFolder, root, setUp } from './setup.mjs';

setUp();
const folders = [nodeFolder(), join(root, 'node_modules', '.bin'), process.env.PATH];
const [command, ...args] = process.argv.slice(2);
const child = spawn(command, args, {
  cwd: root,
  stdio: 'inherit',
  env: { NODE_COMPILE_CACHE: compiled, ...process.env, PATH: folders.filter(Boolean).join(delimiter) },
  shell: process.platform === 'win32',
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
child.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
