import { defineConfig } from 'vitest/config';

/** The adapters of AWS services against servers of other makers; `npm test` leaves these files out. */
export default defineConfig({
  test: {
    include: ['{packages,services,demo,infra,local,operate,test}/**/*.aws.test.ts'],
    globalSetup: ['test/aws/servers.ts'],
    // Nothing in these tests waits on the clock; this is only a guard against hanging.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    sequence: { shuffle: { tests: false, files: true } },
  },
});
