// "[Attached file: inbox/a.csv (text/csv, 120 bytes)]" below the user's words → which file arrived

export interface Attachment {
  /** Relative to the workspace. */
  readonly path: string;
  readonly mediaType: string;
  /** In bytes. */
  readonly size: number;
}

const LINE = /^\[Attached file: (?<path>.+) \((?<mediaType>[^\s(),]+), (?<size>\d+) bytes\)\]$/gm;

/** "[Attached file missing: a.zip (why)]": nothing that could be looked at. */
const MISSING_LINE = /^\[Attached file missing: .+\]$/gm;

const TEXT_TYPE = /^text\/|[/+](?:json|xml|yaml|x-yaml|toml|javascript|typescript|sql|x-sh)$/i;
const TEXT_NAME =
  /\.(?:txt|md|csv|tsv|log|json|jsonl|xml|ya?ml|toml|ini|env|html?|css|[cm]?[jt]sx?|py|rb|rs|go|java|kt|c|h|cpp|hpp|cs|php|sh|sql)$/i;

/** @returns what the user wrote, and the files that came with it. */
export function readAttachments(words: string): { text: string; files: readonly Attachment[] } {
  const files = [...words.matchAll(LINE)].map(({ groups }) => ({
    path: groups?.path ?? '',
    mediaType: groups?.mediaType ?? '',
    size: Number(groups?.size),
  }));
  return { text: words.replaceAll(LINE, '').replaceAll(MISSING_LINE, '').trim(), files };
}

/** @returns whether the file holds text as far as its type and name tell. */
export function isTextFile({ path, mediaType }: Attachment): boolean {
  return TEXT_TYPE.test(mediaType) || TEXT_NAME.test(path);
}

/** @returns the last part of a path. */
export function nameOf(path: string): string {
  return path.split('/').at(-1) ?? path;
}
