const PREFIX = 'omnicloud:';

/** Stands in where the browser refuses storage (private windows, blocked site data): things are then kept until the page closes. */
const memory = new Map<string, string>();
let isRefused = false;

/** @returns what `remember` kept under this key, if anything. */
export function recall(key: string): string | undefined {
  if (isRefused) return memory.get(key);
  try {
    return localStorage.getItem(PREFIX + key) ?? undefined;
  } catch (error) {
    refuse(error);
    return memory.get(key);
  }
}

/** Keeps a value over reloads; `undefined` forgets it. Never throws. */
export function remember(key: string, value: string | undefined): void {
  if (value === undefined) memory.delete(key);
  else memory.set(key, value);
  if (isRefused) return;
  try {
    if (value === undefined) localStorage.removeItem(PREFIX + key);
    else localStorage.setItem(PREFIX + key, value);
  } catch (error) {
    refuse(error);
  }
}

function refuse(error: unknown): void {
  isRefused = true;
  console.warn(
    'This browser stores nothing for this page; drafts and settings last until it is closed.',
    error,
  );
}
