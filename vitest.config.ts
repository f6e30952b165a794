import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{packages,services,demo,infra,local,operate,test}/**/*.test.ts'],
    // The first need servers that `npm run test:aws` brings up, the second are `npm run test:redteam`, and the third `npm run test:page`.
    exclude: [...configDefaults.exclude, '**/*.aws.test.ts', '**/*.redteam.test.ts', '**/*.page.test.ts'],
    // A flow test starts the real CLI several times; nothing in it waits on the clock, so this is only a guard against hanging.
    testTimeout: 120_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Flow tests wait for their CLI and for servers, so three files at once keep two cores busy. More starve them.
    maxWorkers: 3,
    sequence: { shuffle: { tests: false, files: true } },
  },
});
