import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { sessionHome } from '../../session/home/session-home.ts';
import { temporaryDirectory } from '../../session/home/temporary-directory.fixture.ts';
import { endLeftoverCli } from '../../session/home/end-leftover-cli.ts';
import { cliProcess } from '../cli/spawn-cli.ts';
import { NamespaceIsolation } from './namespace-isolation.ts';
import { ESCAPE, FETCH, greeter, haveNamespaces, openSandbox, processesWith } from './sandbox.fixture.ts';

const isAvailable = await haveNamespaces();
const isRequired = process.env.CI === 'true' && process.platform === 'linux';

beforeAll(() => {
  if (isRequired) expect(isAvailable, 'namespaces must be available in CI').toBe(true);
});

const confined = new NamespaceIsolation();

describe.skipIf(!isAvailable)('a run in namespaces of its own (needs unshare and user namespaces)', () => {
  it.each(['sessions', 'with spaces and 100% \\odd "names"'])(
    'reads and writes its workspace, and what it wrote is there outside (in %j)',
    async (name) => {
      const { run, workspace } = await openSandbox(confined, { name });
      expect(await run('echo made > file && cat file')).toEqual({ code: 0, output: 'made\n' });
      expect(await readFile(join(workspace, 'file'), 'utf8')).toBe('made\n');
    },
  );

  it('sees neither the files nor the name of another session', async () => {
    const { run, root } = await openSandbox(confined);
    const { output } = await run('cat "$1/two/secret"; ls "$1"', root);
    expect(output).not.toContain('planted');
    expect(output).toMatch(/^one$/m);
    expect(output).not.toMatch(/^two$/m);
  });

  it('sees no process but its own, with neither environment nor memory of any other', async () => {
    const bystander = spawn('sleep', ['1000'], { env: { PLANTED: 'planted-in-an-environment' } });
    onTestFinished(() => void bystander.kill('SIGKILL'));
    const { run } = await openSandbox(confined);
    const { output } = await run("cat /proc/[0-9]*/environ | tr '\\0' '\\n'; ls -d /proc/[0-9]* | wc -l");
    expect(output).not.toContain('planted');
    expect(Number(/^\d+$/m.exec(output)?.[0])).toBeLessThan(10);
  });

  it('cannot undo it: no mount, no umount, no namespace, no write into the system, no capability', async () => {
    const { run } = await openSandbox(confined);
    const { output } = await run(
      'for try in "mount -t tmpfs none /tmp" "umount /usr" "umount /proc" "touch /usr/x" "touch /x" "nsenter -t 1 -m true" "unshare -Ur true" "unshare -m true" "chroot / true"; do $try 2>/dev/null && echo "done: $try"; done; grep -E "CapEff|NoNewPrivs" /proc/self/status',
    );
    expect(output).not.toContain('done:');
    expect(output).toMatch(/CapEff:\s+0+\n/);
    expect(output).toMatch(/NoNewPrivs:\s+1/);
  });

  it('gives no file of another place a second name in the workspace', async () => {
    const { run } = await openSandbox(confined);
    const { output } = await run(
      'for f in /etc/passwd /usr/bin/env /tmp/x; do touch /tmp/x; ln "$f" linked && echo linked; done',
    );
    expect(output).not.toMatch(/^linked$/m);
  });

  it('reaches no server on loopback but the one port it is given', async () => {
    const [given, other] = await Promise.all([greeter(), greeter()]);
    const { run } = await openSandbox(confined, { loopbackPort: given });
    expect((await run(FETCH(given))).output).toBe('hello from outside\n');
    expect((await run(FETCH(other))).output).toBe('refused\n');
  });

  it('shares the network, loopback included, when it is to', async () => {
    const other = await greeter();
    const { run } = await openSandbox(new NamespaceIsolation(true), { loopbackPort: 9 });
    expect((await run(FETCH(other))).output).toBe('hello from outside\n');
    expect((await run('cat /etc/hosts')).output).toContain('localhost');
  });

  it.skipIf(!existsSync('/usr/bin/python3'))('runs Python with its temporary files', async () => {
    const { run } = await openSandbox(confined);
    const script = 'import tempfile, ssl; print(open(tempfile.mkstemp()[1]).read() == "")';
    expect(await run('/usr/bin/python3 -c "$1"', script)).toEqual({ code: 0, output: 'True\n' });
  });

  it('hands on the exit code', async () => {
    const { run } = await openSandbox(confined);
    expect((await run('exit 7')).code).toBe(7);
  });
});

describe.skipIf(!isAvailable)('nothing of a run in namespaces is left', () => {
  it('when its command ends, what it left in the background included', async () => {
    const { run, workspace } = await openSandbox(confined);
    const { code } = await run('setsid sh -c "sleep 1; touch late" & exit 3');
    expect(code).toBe(3);
    // `run` resolves when the output is closed, which the escaped process held open as long as it lived.
    expect(existsSync(join(workspace, 'late'))).toBe(false);
  });

  it('when it is ended from outside: it is all gone before that is said', async () => {
    const mark = `mark-${randomUUID()}`;
    const { confinement, start } = await openSandbox(confined);
    const child = start(ESCAPE, mark);
    if (child.stdout) await once(child.stdout, 'data');
    const exit = once(child, 'exit');
    await confinement.kill(child.pid ?? 0);
    await exit;
    expect(await processesWith(mark)).toEqual([]);
  });

  it('when the server is killed', async () => {
    const mark = `mark-${randomUUID()}`;
    const folder = await temporaryDirectory();
    const program = `
      import { spawn } from 'node:child_process';
      import { NamespaceIsolation } from ${JSON.stringify(new URL('namespace-isolation.ts', import.meta.url).href)};
      const confinement = await new NamespaceIsolation().open({ root: '${folder}', writable: [], readable: [], temporary: '${folder}', loopbackPort: undefined });
      const { command, args, cwd, env } = confinement.wrap({ command: '/bin/sh', args: ['-c', ${JSON.stringify(ESCAPE)}, 'sh', '${mark}'], cwd: '/tmp', env: {} });
      spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'inherit', 'inherit'] });`;
    const server = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(server.stdout, 'data');
    expect((await processesWith(mark)).length).toBeGreaterThan(2);
    server.kill('SIGKILL');
    while ((await processesWith(mark)).length > 0) await delay(10);
  });

  it('when it was left over and its session begins anew', async () => {
    const mark = `mark-${randomUUID()}`;
    const home = sessionHome(await temporaryDirectory(), randomUUID());
    await mkdir(home.root, { recursive: true });
    const { start } = await openSandbox(confined);
    const child = start(ESCAPE, mark, '--resume', home.sessionId);
    if (child.stdout) await once(child.stdout, 'data');
    await writeFile(home.processFile, String(child.pid));
    await endLeftoverCli(home);
    expect(await processesWith(mark)).toEqual([]);
  });
});

describe.skipIf(!isAvailable)('the CLI process in a sandbox', () => {
  it.each([
    ['has begun once it is inside', '/tmp', true],
    ['has not begun when the sandbox could not be entered', '/nowhere', false],
  ])('%s', async (_, cwd, hasBegun) => {
    const home = sessionHome(await temporaryDirectory(), randomUUID());
    for (const folder of [home.workspace, home.temporary]) await mkdir(folder, { recursive: true });
    const place = { root: home.root, writable: [home.workspace], readable: [], temporary: home.temporary };
    const cli = cliProcess(home, { confinement: await confined.open({ ...place, loopbackPort: undefined }) });
    const env = { PATH: '/usr/bin:/bin' };
    const signal = new AbortController().signal;
    const child = cli.spawn({ command: '/bin/sh', args: ['-c', 'exit 5'], cwd, env, signal });
    child.stdout.resume();
    await once(child as unknown as NodeJS.EventEmitter, 'close');
    await cli.end();
    expect(cli.hasBegun()).toBe(hasBegun);
  });
});
