import { defineConfig } from 'vitest/config';

/** Attacks on the whole system with the real CLI; `npm test` leaves them out. */
export default defineConfig({
  test: {
    include: ['test/redteam/**/*.redteam.test.ts'],
    // Each attack ends by itself; this is only a guard against hanging.
    testTimeout: 120_000,
    hookTimeout: 170_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
