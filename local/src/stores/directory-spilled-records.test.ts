import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DirectorySessionStore } from '@omnicloud/agent-container';
import { onTestFinished } from 'vitest';
import { describeSpilledRecords } from '@omnicloud/sdk-client/internal/turn/spilled-records.contract.ts';
import { DirectorySpilledRecords } from './directory-spilled-records.ts';

describeSpilledRecords('DirectorySpilledRecords', async () => {
  const root = await mkdtemp(join(tmpdir(), 'records-'));
  onTestFinished(() => rm(root, { recursive: true }));
  await writeFile(join(root, 'a-file'), '');
  return {
    records: new DirectorySpilledRecords(new DirectorySessionStore(join(root, 'objects'))),
    broken: new DirectorySpilledRecords(new DirectorySessionStore(join(root, 'a-file'))),
  };
});
