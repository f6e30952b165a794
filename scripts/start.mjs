// npm start: sets the project up, then starts the local system on Node 24, in this very process when it already is one.
import { nodeFolder, setUp } from './setup.mjs';

setUp();
if (Number(process.versions.node.split('.')[0]) >= 24) {
  await import('../local/src/main.ts');
} else {
  nodeFolder();
  process.argv.push('node', 'local/src/main.ts');
  await import('./run.mjs');
}
