import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  bundleInto,
  openPlace,
} from '@omnicloud/agent-container/internal/run/isolation/open-place.fixture.ts';
import { firstUserOf } from '@omnicloud/agent-container/internal/run/isolation/test-users.fixture.ts';

const LAUNCH = fileURLToPath(new URL('../../scripts/launch.mjs', import.meta.url));
const CONFIG = fileURLToPath(new URL('../../local/src/passed-config.ts', import.meta.url));
const PLANTED = 'planted-launch-secret';
/** An ordinary user; root needs somebody else to be one. */
const ORDINARY = firstUserOf('launch');
const asOrdinaryUser =
  process.getuid?.() === 0
    ? ['setpriv', `--reuid=${ORDINARY}`, `--regid=${ORDINARY}`, '--clear-groups', '--']
    : [];

/** Tries in a child of the server's own user what a shell of the agent's would, and says what it got. */
const SERVER = `
import { spawnSync } from 'node:child_process';
import { readPassedSettings } from ${JSON.stringify(CONFIG)};
readPassedSettings();
const look = (what) => spawnSync('sh', ['-c', \`head -c 100000 < /proc/\${process.pid}/\${what} | tr '\\\\0' '\\\\n'\`], { encoding: 'utf8' }).stdout;
const open = (what) => spawnSync('sh', ['-c', \`: < /proc/\${process.pid}/\${what}\`]).status === 0;
console.log(JSON.stringify({ setting: process.env.PLANTED_TOKEN, path: process.env.PATH, environ: look('environ'), isMemoryOpen: open('mem'), isDescriptorOpen: open('fd') }));
`;

interface Seen {
  setting: string;
  path: string;
  environ: string;
  isMemoryOpen: boolean;
  isDescriptorOpen: boolean;
}

/** Starts the server in a folder of the ordinary user's, with a secret in its launcher's environment. */
async function start(launcher: (entry: string, cache: string) => string[]): Promise<Seen> {
  const { folder, node } = await openPlace(0o755);
  const entry = await bundleInto(folder, SERVER);
  await copyFile(LAUNCH, join(folder, 'launch.mjs'));
  await chmod(join(folder, 'launch.mjs'), 0o644);
  const cache = join(folder, 'cache');
  await mkdir(cache);
  await chmod(cache, 0o777);
  const [command = '', ...args] = [...asOrdinaryUser, node, ...launcher(entry, cache)];
  const child: ChildProcess = spawn(command, args, {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, PLANTED_TOKEN: PLANTED },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const exit = once(child, 'exit');
  if (!child.stdout) throw new Error('The process has no stdout');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  expect(await exit).toEqual([0, null]);
  return JSON.parse(line) as Seen;
}

const launch = (entry: string, cache: string): string[] => [
  '--input-type=module',
  '--eval',
  `import { launchServer } from './launch.mjs';
   launchServer(process.execPath, ${JSON.stringify({ entry, cache })});`,
];

describe.skipIf(process.platform !== 'linux')('the server that npm start launches (Linux)', () => {
  it('has its settings, and shows them to no other process of the same user', async () => {
    const seen = await start(launch);
    expect(seen).toMatchObject({ setting: PLANTED, path: process.env.PATH });
    expect(seen).toMatchObject({ environ: '', isMemoryOpen: false, isDescriptorOpen: false });
  });

  it('would show them if it were started plainly: the look is a real one', async () => {
    const seen = await start((entry) => [entry]);
    expect(seen.environ).toContain(PLANTED);
    expect(seen).toMatchObject({ isMemoryOpen: true, isDescriptorOpen: true });
  });
});
