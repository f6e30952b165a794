import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ConfigError } from '@omnicloud/settings';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../session/home/temporary-directory.fixture.ts';
import { chooseIsolation } from './choose-isolation.ts';
import { bundleInto, openPlace } from './open-place.fixture.ts';
import { haveNamespaces } from './sandbox.fixture.ts';
import { syscallFilter } from './syscall-filter.ts';

const isAvailable = await haveNamespaces();
const hasFilter = (await syscallFilter()).length > 0;
const isRequired = process.env.CI === 'true' && process.platform === 'linux';

beforeAll(() => {
  if (isRequired) expect(isAvailable, 'namespaces must be available in CI').toBe(true);
});

it.each([
  ['off', { isShellOn: false }],
  ['unconfined on purpose', { isShellOn: true, isShellUnconfined: true } as const],
])('nothing confines a shell that is %s', async (_, config) => {
  expect(await chooseIsolation(config, { workRoot: '/nowhere', hidden: [] })).toBeUndefined();
});

it.skipIf(process.platform === 'linux')('a shell that is on is refused elsewhere than on Linux', async () => {
  const place = { workRoot: await temporaryDirectory(), hidden: [] };
  await expect(chooseIsolation({ isShellOn: true }, place)).rejects.toThrow(ConfigError);
});

describe.skipIf(!isAvailable)('a shell that is on (needs unshare and user namespaces)', () => {
  it.each([
    ['without a network unless told otherwise', {}, false],
    ['with one when told so', { isNetworkOn: true } as const, true],
  ])('is confined by namespaces, %s', async (_, more, isNetworkOn) => {
    const place = { workRoot: await temporaryDirectory(), hidden: [] };
    const isolation = await chooseIsolation({ isShellOn: true, ...more }, place);
    expect(isolation?.isNetworkOn).toBe(isNetworkOn);
  });

  it('is confined as before where enosys cannot start anything, and it is told that there is no second wall', async () => {
    const folder = await temporaryDirectory();
    // The sandbox does not have this folder.
    await writeFile(
      join(folder, 'enosys'),
      '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done; shift; exec "$@"',
      {
        mode: 0o755,
      },
    );
    const told: string[] = [];
    const tell = (notice: string): unknown => told.push(notice);
    const place = { workRoot: await temporaryDirectory(), hidden: [], enosysFolders: [folder], tell };
    expect(await chooseIsolation({ isShellOn: true }, place)).toBeDefined();
    expect(told[0]).toMatch(/namespaces.* no second wall: enosys is installed, but/);
  });

  it.skipIf(!hasFilter)('is told to be behind the filter of system calls (needs enosys)', async () => {
    const told: string[] = [];
    const place = { workRoot: await temporaryDirectory(), hidden: [], tell: (it: string) => told.push(it) };
    await chooseIsolation({ isShellOn: true }, place);
    expect(told[0]).toMatch(/namespaces.* closed to it as well/);
  });

  it('is refused when it would see what is to be hidden', async () => {
    const place = { workRoot: await temporaryDirectory(), hidden: ['/usr/bin/env'] };
    await expect(chooseIsolation({ isShellOn: true }, place)).rejects.toThrow(/lie below \/usr or \/opt/);
  });

  it('is refused where no namespaces can be made, with what to do', async () => {
    // A namespace whose user has no rights is such a place.
    const without = ['--no-new-privs', '--bounding-set=-all', '--inh-caps=-all', '--'];
    const said = await chosenBy(['unshare', '-Ur', 'setpriv', ...without], true);
    expect(said).toMatch(/^bad_config/);
    expect(said).toContain('forbids user namespaces');
    expect(said).toContain('AGENT_SHELL=unconfined');
  });

  it.runIf(process.getuid?.() === 0).each([
    [
      'runs as a user of its own where root may not make namespaces',
      true,
      /^The shell is confined by a user of its own/,
    ],
    ['is refused there when it is to have no network', false, /^bad_config [^]*AGENT_NETWORK must be on/],
  ])('%s (root only)', async (_, isNetworkOn, expected) => {
    // What a container's root has by default: everything but this.
    const without = ['setpriv', '--bounding-set=-sys_admin', '--inh-caps=-sys_admin', '--'];
    expect(await chosenBy(without, isNetworkOn)).toMatch(expected);
  });
});

/** @returns what a process says that was started by this command: what the isolation says of itself, or the error. */
async function chosenBy([command = '', ...args]: string[], isNetworkOn: boolean): Promise<string> {
  const { folder, node } = await openPlace(0o755);
  const source = `
    import { chooseIsolation } from './choose-isolation.ts';
    const config = { isShellOn: true, ${isNetworkOn ? 'isNetworkOn: true' : ''} };
    await chooseIsolation(config, { workRoot: '${folder}/work', hidden: [] }).then(
      (isolation) => console.log(isolation.means),
      (error) => console.log(error.code, error.message));`;
  const child = spawn(command, [...args, node, await bundleInto(folder, source)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return said;
}
