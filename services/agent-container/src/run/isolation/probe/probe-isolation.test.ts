import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../../session/home/temporary-directory.fixture.ts';
import { closedCli, closedProgram, installedCli } from '../closed-program.ts';
import { NamespaceIsolation } from '../namespace-isolation.ts';
import { bundleInto, openPlace } from '../open-place.fixture.ts';
import { probe } from './probe-isolation.ts';
import { haveNamespaces } from '../sandbox.fixture.ts';
import { SeparateUserIsolation } from '../separate-user-isolation.ts';
import { firstUserOf } from '../test-users.fixture.ts';

const isAvailable = await haveNamespaces();
const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
const SOMEBODY = String(firstUserOf('probe-isolation'));

/** @returns what a server finds that is an ordinary user's. */
async function probedBySomebody(cli: string): Promise<string> {
  const { folder, node } = await openPlace(0o777);
  const source = `
    import { closedProgram, installedCli } from './closed-program.ts';
    import { NamespaceIsolation } from './namespace-isolation.ts';
    import { probe } from './probe/probe-isolation.ts';
    const closed = (program) => closedProgram(program, ['${folder}/cache']);
    console.log(await probe(new NamespaceIsolation(), { workRoot: '${folder}/work', hidden: [], cli: ${cli} }));`;
  const identity = ['--reuid', SOMEBODY, '--regid', SOMEBODY, '--clear-groups', '--inh-caps=-all'];
  const program = ['sh', '-c', 'exec "$@"', 'sh', node, await bundleInto(folder, source)];
  const child = spawn('setpriv', [...identity, '--', ...program], {
    env: { PATH: process.env.PATH, HOME: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return said.trim();
}

describe.skipIf(!isAvailable)('the CLI that a shell runs beside (needs unshare and user namespaces)', () => {
  it('keeps its descriptors and its memory when its program cannot be read', async () => {
    const place = { workRoot: await temporaryDirectory(), hidden: [] };
    expect(await probe(new NamespaceIsolation(), { ...place, cli: await closedCli() })).toBe('holds');
  });

  it('loses them when it can: that is found, and not taken for kept', async () => {
    const place = { workRoot: await temporaryDirectory(), hidden: [] };
    expect(await probe(new NamespaceIsolation(), { ...place, cli: installedCli() })).toBe('opens the CLI');
  });

  it('must be there and start', async () => {
    const place = { workRoot: await temporaryDirectory(), hidden: [] };
    expect(await probe(new NamespaceIsolation(), { ...place, cli: '/usr/bin/true' })).toBe('unavailable');
  });
});

describe.skipIf(!isAvailable || !isRoot)('the same for an ordinary user (set up by root on Linux)', () => {
  it('keeps them, and loses them', async () => {
    expect(await probedBySomebody('await closed(installedCli())')).toBe('holds');
    expect(await probedBySomebody('installedCli()')).toBe('opens the CLI');
  });
});

describe.skipIf(!isRoot)('the same with a user of its own (needs to be root on Linux)', () => {
  it('keeps them, and loses them', async () => {
    const { folder: workRoot, cli } = await openPlace(0o755);
    const isolation = new SeparateUserIsolation();
    const closed = await closedProgram(cli, [join(workRoot, 'cache')]);
    expect(await probe(isolation, { workRoot, hidden: [], cli: closed })).toBe('holds');
    expect(await probe(isolation, { workRoot, hidden: [], cli })).toBe('opens the CLI');
  });
});
