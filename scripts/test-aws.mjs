// npm run test:aws [-- vitest's arguments…]: runs every *.aws.test.ts; test/aws/servers.ts brings up the servers that they talk to.
import { spawn } from 'node:child_process';

const child = spawn('vitest', ['run', '--config', 'vitest.aws.config.ts', ...process.argv.slice(2)], {
  stdio: 'inherit',
  shell: process.platform === 'win32',
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
child.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
