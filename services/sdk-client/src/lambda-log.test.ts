import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const MODULE = JSON.stringify(new URL('lambda-log.ts', import.meta.url).href);

/** @returns the objects that a process of its own wrote with its log, which takes the process's own output. */
async function logged(calls: string): Promise<object[]> {
  const source = `import { openLambdaLog } from ${MODULE}; const log = openLambdaLog('a-service'); ${calls}`;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [
    '--input-type=module',
    '-e',
    source,
  ]);
  return `${stdout}${stderr}`
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as object);
}

it('A line has the id of its update and the figures that belong to it as fields of their own', async () => {
  const lines = await logged(`
    log.turnOver({ outcome: 'failed', code: 'model_refused', cost_usd: 0.5 }, 7);
    log.info('Anything');`);
  expect(lines).toMatchObject([
    {
      level: 'INFO',
      service: 'a-service',
      message: 'A turn is over',
      correlation_id: 'update-7',
      outcome: 'failed',
      code: 'model_refused',
      cost_usd: 0.5,
    },
    { message: 'Anything' },
  ]);
  expect(lines[1]).not.toHaveProperty('correlation_id');
});
