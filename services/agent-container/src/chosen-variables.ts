/** @returns the variables of an environment whose names match. */
export function chosenFrom(
  environment: Readonly<Record<string, unknown>>,
  names: RegExp,
): Record<string, string> {
  const texts = Object.entries(environment).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.fromEntries(texts.filter(([name]) => names.test(name)));
}

/** @returns the same values without those that are undefined. */
export function definedOnly<T extends Record<string, unknown>>(
  values: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
