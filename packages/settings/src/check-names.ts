// names in .env and in the environment → mistyped ones, with what was probably meant
import { SETTINGS } from './registry.ts';

export interface NameReport {
  /** Settings of `.env` that were meant to do something and do nothing. */
  readonly problems: readonly string[];
  /** What is good to know. */
  readonly notices: readonly string[];
}

type Variables = Readonly<Record<string, string | undefined>>;

/** What these stand in front of is ours alone. */
const OUR_PREFIX =
  /^(TELEGRAM|AGENT|TURN|WORKSPACE|BEDROCK|ALLOWED|SDK_CLIENT|SESSION|DEAD_LETTER|RUN|PAGE)_/;
/** Read by programs and libraries that we start or use, and not by us. */
const OF_OTHERS =
  /^(PATH|HOME|USER|LANG|LC_\w+|TZ|TMPDIR|SHELL|TERM|DEBUG|CI|(HTTPS?|NO|ALL)_PROXY|(https?|no|all)_proxy|(NODE|NPM|npm|CDK_(DEFAULT|DISABLE|NEW)|DOCKER|BUILDX|SSL|OTEL)_\w+|AWS_(DEFAULT_(REGION|PROFILE|OUTPUT)|ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|CONFIG_FILE|SHARED_CREDENTIALS_FILE|WEB_IDENTITY_TOKEN_FILE|ROLE_\w+|ENDPOINT_URL_\w+|CA_BUNDLE|MAX_ATTEMPTS|RETRY_MODE|PAGER|(EC2|CONTAINER|SDK|USE|STS|CLI|NODEJS|IGNORE|EXECUTION|LAMBDA|S3)_\w+))$/;
const KNOWN = Object.keys(SETTINGS);
/** Shorter names resemble too much. */
const SHORTEST_IN_ENVIRONMENT = 8;
const LONGEST_NAME = 64;

/**
 * A name in `.env` that resembles a setting, or has a prefix of ours, is a mistake. In the environment, where names of other programs stand
 * too, a resemblance is only told. No value is repeated.
 * @param file the content of `.env`; what is set to nothing there does nothing and is left alone.
 */
export function checkNames(file: Variables, environment: Variables = {}): NameReport {
  const problems: string[] = [];
  const notices: string[] = [];
  for (const name of unknownNames(file)) {
    const meant = settingLike(name);
    if (meant !== undefined) problems.push(`${name} in .env is not a setting; did you mean ${meant}?`);
    else if (OUR_PREFIX.test(name)) {
      problems.push(`${name} in .env is not a setting; .env.example lists all settings`);
    } else notices.push(`${name} in .env is not a setting, and nothing reads it`);
  }
  for (const name of unknownNames(environment)) {
    if (name in file || name.length < SHORTEST_IN_ENVIRONMENT) continue;
    const meant = settingWithin(name, 2);
    if (meant !== undefined && environment[meant] === undefined) {
      notices.push(`${name} in the environment is not a setting; ${meant} is`);
    }
  }
  return { problems, notices };
}

function unknownNames(variables: Variables): string[] {
  return Object.entries(variables).flatMap(([name, value = '']) =>
    value.trim() === '' || Object.hasOwn(SETTINGS, name) || OF_OTHERS.test(name) ? [] : [name],
  );
}

/** @returns the setting that was probably meant. */
function settingLike(name: string): string | undefined {
  const written = name.toUpperCase().replaceAll('-', '_');
  if (Object.hasOwn(SETTINGS, written)) return written;
  return settingWithin(written, Math.floor(written.length / 5)) ?? settingOfSameWords(written);
}

/** @returns the setting with the fewest differences, if there are at most so many; one is always allowed. */
function settingWithin(name: string, most: number): string | undefined {
  const limit = Math.min(Math.max(1, most), 3);
  const near = KNOWN.map((known) => ({ known, edits: editsBetween(name, known) }))
    .filter(({ edits }) => edits <= limit)
    .sort((a, b) => a.edits - b.edits);
  return near[0]?.known;
}

/** A word was left out or added, as in `TELEGRAM_TOKEN`. */
function settingOfSameWords(name: string): string | undefined {
  const words = name.split('_');
  if (words.length < 2) return undefined;
  const contains = (all: readonly string[], some: readonly string[]): boolean =>
    some.every((word) => all.includes(word));
  return KNOWN.find((known) => {
    const ofKnown = known.split('_');
    return ofKnown.length > 1 && (contains(ofKnown, words) || contains(words, ofKnown));
  });
}

/**
 * The optimal string alignment distance: letters that are missing, added, changed, or swapped with their neighbour.
 * @returns at least the difference in length for names that are too long to be settings.
 */
export function editsBetween(a: string, b: string): number {
  if (a.length > LONGEST_NAME || b.length > LONGEST_NAME) return Math.max(a.length, b.length);
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1];
      let edits = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
      );
      const isSwapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (isSwapped) edits = Math.min(edits, (before[column - 2] ?? 0) + 1);
      current.push(edits);
    }
    [before, last] = [last, current];
  }
  return last[b.length] ?? 0;
}
