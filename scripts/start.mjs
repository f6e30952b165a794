// npm start: sets the project up, then starts the local system on Node 24; on Linux so that nothing of its settings shows below /proc.
import { join } from 'node:path';
import { launchServer } from './launch.mjs';
import { compiled, nodeFolder, nodeProgram, root, setUp } from './setup.mjs';
import { watchNpm } from './watch-npm.mjs';

const MAIN = 'local/src/main.ts';

setUp();
// Whoever listens for the signal here stops the server: the launcher, or the server itself.
watchNpm(() => process.emit('SIGTERM', 'SIGTERM'));
process.env.NODE_COMPILE_CACHE ??= compiled;
if (process.platform === 'linux') {
  launchServer(nodeProgram(), {
    entry: MAIN,
    cache: join(root, 'node_modules', '.cache', 'omnicloud'),
    cwd: root,
  });
} else if (Number(process.versions.node.split('.')[0]) >= 24) {
  await import(`../${MAIN}`);
} else {
  nodeFolder();
  process.argv.push('node', MAIN);
  await import('./run.mjs');
}
