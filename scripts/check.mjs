// npm run check: everything a machine can judge about the sources, all of it even when one part fails.
import { spawnSync } from 'node:child_process';

const CHECKS = {
  format: ['prettier', '--check', '.'],
  types: ['tsc', '-p', '.'],
  'types of the page': ['tsc', '-p', 'local/web'],
  'types of the infrastructure': ['tsc', '-p', 'infra', '--noEmit'],
  lint: ['eslint', '--max-warnings', '0', '.'],
  layers: ['depcruise', 'packages', 'services', 'infra/src', 'local/src', 'scripts', 'test', 'bench'],
  'unused code': ['knip'],
};

const failed = Object.entries(CHECKS).filter(([name, [command, ...args]]) => {
  console.log(`— ${name}: ${command} ${args.join(' ')}`);
  return spawnSync(command, args, { stdio: 'inherit', shell: process.platform === 'win32' }).status !== 0;
});
if (failed.length > 0) {
  console.error(`\nnot clean: ${failed.map(([name]) => name).join(', ')}`);
  process.exit(1);
}
console.log('\nall checks are clean');
