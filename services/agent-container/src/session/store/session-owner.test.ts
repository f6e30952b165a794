import { join } from 'node:path';
import { SqliteSessionTable } from '@omnicloud/storage';
import { onTestFinished } from 'vitest';
import { DirectorySessionStore } from './directory-session-store.ts';
import { describeSessionOwner } from './session-owner.contract.ts';
import { temporaryDirectory } from '../home/temporary-directory.fixture.ts';

describeSessionOwner('On one machine', async () => {
  const root = await temporaryDirectory();
  const table = new SqliteSessionTable({ directory: join(root, 'table') });
  onTestFinished(() => table.close());
  return { store: new DirectorySessionStore(join(root, 'objects')), table };
});
