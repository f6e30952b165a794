import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const MODULE = fileURLToPath(new URL('end-on-unknown-state.ts', import.meta.url));

/** @param options how the last resort is set, as source. @param then what goes wrong, as source. */
async function ending(options: string, then: string): Promise<{ code: unknown; said: string }> {
  const source = `import { endOnUnknownState } from ${JSON.stringify(MODULE)};
    const log = (message, error) => console.log(message, error?.message);
    setInterval(() => {}, 1e6);
    endOnUnknownState({ log, ${options} });
    ${then}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const exit = once(child, 'exit') as Promise<unknown[]>;
  const [said, [code]] = await Promise.all([buffer(child.stdout), exit]);
  return { code, said: said.toString() };
}

const FAILS = "setTimeout(() => { throw new Error('first'); });";

it.each([
  ['an error that is thrown', FAILS],
  ['a rejection', "Promise.reject(new Error('first'));"],
])('%s ends the process in good order', async (_, then) => {
  const { code, said } = await ending("end: async () => console.log('ended')", then);
  expect(code).toBe(1);
  expect(said).toMatch(/first\nended\n$/);
});

it('a second one meanwhile is written down and changes nothing', async () => {
  const end = 'end: () => new Promise((resolve) => setTimeout(resolve, 300))';
  const { code, said } = await ending(end, `${FAILS} setTimeout(() => { throw new Error('second'); }, 50);`);
  expect([code, said.match(/so this process ends/g)?.length]).toEqual([1, 2]);
  expect(said).toContain('second');
});

it.each([
  ['never ends', 'end: () => new Promise(() => {}), graceMs: 100'],
  ['fails', "end: () => Promise.reject(new Error('no way'))"],
  ['throws', "end: () => { throw new Error('no way'); }"],
  ['is left to the platform, which does nothing', 'graceMs: 100'],
])('the process ends also when its own end %s', async (_, options) => {
  expect((await ending(options, FAILS)).code).toBe(1);
});

it('and when the log fails', async () => {
  expect((await ending("log: () => { throw new Error('no log'); }, graceMs: 100", FAILS)).code).toBe(1);
});

it('a log that nobody reads any more does not end it', async () => {
  const source = `import { endOnUnknownState } from ${JSON.stringify(MODULE)};
    endOnUnknownState({ log: console.error, graceMs: 100 });
    process.on('message', async () => {
      for (let line = 0; line < 5; line += 1) {
        console.log('a line');
        console.error('a line');
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      process.send('alive');
    });
    process.send('ready');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const exit = once(child, 'exit').then(([code]) => `ended with ${String(code)}`);
  await once(child, 'message');
  child.stdout?.destroy();
  child.stderr?.destroy();
  child.send('go on');
  expect(await Promise.race([once(child, 'message'), exit])).toEqual(['alive', undefined]);
  child.kill();
  await exit;
});
