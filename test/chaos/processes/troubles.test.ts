import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Trouble } from './troubles.ts';

const AN_HOUR_MS = 3_600_000;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omnicloud-troubles-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('A process has the time and the disk that it is told to have', async () => {
  const child = fork(join(import.meta.dirname, 'troubled.process.ts'), [folder]);
  try {
    await once(child, 'message');
    const seen = async (trouble: Trouble): Promise<unknown> => {
      child.send(trouble);
      const [message] = (await once(child, 'message')) as [{ aheadMs: number; codes: unknown[] }];
      return { isAhead: Math.abs(message.aheadMs - AN_HOUR_MS) < AN_HOUR_MS / 2, codes: message.codes };
    };
    const fine = [null, null];
    expect(await seen({ trouble: 'clock', aheadMs: AN_HOUR_MS })).toEqual({ isAhead: true, codes: fine });
    const full = ['ENOSPC', 'ERR_SQLITE_ERROR'];
    expect(await seen({ trouble: 'disk', isFull: true })).toEqual({ isAhead: true, codes: full });
    expect(await seen({ trouble: 'disk', isFull: false })).toEqual({ isAhead: true, codes: fine });
    expect(await seen({ trouble: 'clock', aheadMs: 0 })).toEqual({ isAhead: false, codes: fine });
  } finally {
    child.kill('SIGKILL');
  }
}, 120_000);
