/** What is open: nothing, a forum's list of topics (`thread` absent), or a conversation. */
export type Route = { chat_id: number; thread?: number } | undefined;

/** In an address General (and a chat without topics) is thread 0. */
const NO_THREAD = 0;

/** @returns the address of a route: `#-100` a forum's topics, `#-100/0` its General topic, `#42/0` a chat. */
export function hashOf(chatId: number, threadId?: number): string {
  return `#${chatId}/${threadId ?? NO_THREAD}`;
}

/** Reads the address bar, so that the browser's own Back and Forward move between views. */
export function currentRoute(): Route {
  const match = /^#(-?\d+)(?:\/(\d+))?$/.exec(location.hash);
  if (!match?.[1]) return undefined;
  return { chat_id: Number(match[1]), ...(match[2] !== undefined && { thread: Number(match[2]) }) };
}

export function onRoute(listener: () => void): void {
  addEventListener('hashchange', listener);
}

/** Opens a view; `replace` leaves no entry in the history. */
export function go(hash: string, { replace = false } = {}): void {
  if (!replace) location.hash = hash;
  else {
    history.replaceState(null, '', hash === '' ? location.pathname : hash);
    dispatchEvent(new HashChangeEvent('hashchange'));
  }
}
