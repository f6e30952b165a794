import { defineConfig } from 'vitest/config';

/** In these, another chat must be answered in time during an attack. So no other file's attack runs beside them. */
const TIMED = ['disk', 'overload', 'run-limits', 'trees'].map(
  (name) => `test/redteam/${name}.redteam.test.ts`,
);

const EACH = {
  // Each attack ends by itself; this is only a guard against hanging.
  testTimeout: 120_000,
  hookTimeout: 170_000,
  pool: 'forks',
} as const;

/** Attacks on the whole system with the real CLI; `npm test` leaves them out. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...EACH,
          name: 'attacks',
          include: ['test/redteam/**/*.redteam.test.ts'],
          exclude: TIMED,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: { ...EACH, name: 'timed', include: TIMED, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
