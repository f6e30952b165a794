/**
 * A process that goes through a turn with what is stored below its first argument, in the work folder of its second, as the server does:
 * opens the session, lays it out, reads what a run needs of it, and saves it. It writes by how many bytes its memory grew at most, and how
 * long the parts took, in ms.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { savedCostUsd } from '../run/saved-cost.ts';
import { DirectorySessionStore } from './store/directory-session-store.ts';
import { openSession } from './open-session.ts';
import { persist } from './persist.ts';
import { restore } from './restore.ts';
import { sessionHome } from './home/session-home.ts';

const [, , objects = '', workRoot = '', sessionId = ''] = process.argv;
const store = new DirectorySessionStore(objects);
const home = sessionHome(workRoot, sessionId);
const image = join(workRoot, 'image');
await mkdir(image, { recursive: true });
const before = process.memoryUsage.rss();
const marks = [performance.now()];
const mark = (): void => void marks.push(performance.now());
const stored = await openSession(store, sessionId, (error) => {
  throw error;
});
mark();
await restore(stored, home, { imageFolder: image });
await savedCostUsd(home.transcript);
mark();
await persist(home, store, { before: stored.version, files: stored.files });
mark();
const [openMs, restoreMs, persistMs] = marks.slice(1).map((at, index) => at - (marks[index] ?? at));
const grownBytes = process.resourceUsage().maxRSS * 1024 - before;
console.log(JSON.stringify({ grownBytes, openMs, restoreMs, persistMs }));
