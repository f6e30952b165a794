/**
 * What is done beside the blows and the failing calls, when it is asked for: `damage` to stored conversations, a `disk` that is full for a process,
 * a `clock` that is set for a process, an `overload` of many chats at once.
 */
const HARMS = ['damage', 'disk', 'clock', 'overload'] as const;
export type Harm = (typeof HARMS)[number];

/** @param text names with commas between them, or nothing. @throws RangeError for an unknown name. */
export function readHarms(text: string): ReadonlySet<Harm> {
  const names = text.split(',').filter((name) => name !== '');
  return new Set(
    names.map((name) => {
      const harm = HARMS.find((one) => one === name);
      if (harm === undefined) throw new RangeError(`--harm takes ${HARMS.join(', ')}; not ${name}`);
      return harm;
    }),
  );
}
