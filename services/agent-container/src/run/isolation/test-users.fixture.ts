const FIRST_ID = 61_600;
const IDS_EACH = 100;

/** The test files that start servers or programs as ordinary users. */
const FILES = [
  'launch',
  'probe-isolation',
  'same-user-isolation',
  'spent-environment',
  'sweep-shared',
  'version-2-groups',
] as const;

/**
 * Test files run side by side, and the end of a run kills whatever its user has started. So each file has users that no other file has, and
 * that no run of {@link SeparateUserIsolation} is given.
 * @returns the first of a hundred user ids.
 */
export function firstUserOf(file: (typeof FILES)[number]): number {
  return FIRST_ID + IDS_EACH * FILES.indexOf(file);
}
