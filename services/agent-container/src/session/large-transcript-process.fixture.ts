/**
 * A process that goes through a turn with what is stored below its first argument, in the work folder of its second, as the server does:
 * opens the session, lays it out, reads what a run needs of it, and saves it. It writes by how many bytes its memory grew at most.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { savedCostUsd } from '../run/saved-cost.ts';
import { DirectorySessionStore } from './directory-session-store.ts';
import { openSession } from './open-session.ts';
import { persist } from './persist.ts';
import { restore } from './restore.ts';
import { sessionHome } from './session-home.ts';

const [, , objects = '', workRoot = '', sessionId = ''] = process.argv;
const store = new DirectorySessionStore(objects);
const home = sessionHome(workRoot, sessionId);
const image = join(workRoot, 'image');
await mkdir(image, { recursive: true });
const before = process.memoryUsage.rss();
const stored = await openSession(store, sessionId, (error) => {
  throw error;
});
await restore(stored, home, image);
await savedCostUsd(home.transcript);
await persist(home, store, { before: stored.version, files: stored.files });
console.log(String(process.resourceUsage().maxRSS * 1024 - before));
