import { defineConfig } from 'vitest/config';

/** The chat page in a real browser; `npm test` leaves these files out. */
export default defineConfig({
  test: {
    include: ['test/page/**/*.page.test.ts'],
    // Nothing in these tests waits on the clock; this is only a guard against hanging.
    testTimeout: 90_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
