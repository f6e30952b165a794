import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DirectorySessionStore } from '@omnicloud/agent-container';
import { onTestFinished } from 'vitest';
import { describeAttachmentStore } from '@omnicloud/sdk-client/internal/relay/files/attachment-store.contract.ts';
import { DirectoryAttachmentStore } from './directory-attachment-store.ts';

describeAttachmentStore('DirectoryAttachmentStore', async () => {
  const root = await mkdtemp(join(tmpdir(), 'attachments-'));
  onTestFinished(() => rm(root, { recursive: true }));
  const objects = new DirectorySessionStore(join(root, 'objects'));
  await writeFile(join(root, 'a-file'), '');
  return {
    store: new DirectoryAttachmentStore(objects),
    read: async (key) => (await objects.get(key))?.body,
    broken: new DirectoryAttachmentStore(new DirectorySessionStore(join(root, 'a-file'))),
  };
});
