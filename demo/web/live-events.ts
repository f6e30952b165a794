import type { PageEventName, PageEvents } from '../src/telegram/page-api.ts';

/** The browser gives up by itself when the server answers with an error instead of a stream. */
const RETRY_AFTER_MS = 2_000;

interface Handlers {
  /** Each time the stream stands; `isAgain` when events may have been missed since the last time. */
  connected: (isAgain: boolean) => void;
  lost: () => void;
  event: <N extends PageEventName>(name: N, data: PageEvents[N]) => void;
}

const EVENT_NAMES: readonly PageEventName[] = [
  'message',
  'edited',
  'reaction',
  'deleted',
  'typing',
  'chat',
  'cleared',
];

/** Follows what happens in all chats for as long as the page is open, over any number of lost connections. */
export function followEvents(handlers: Handlers): void {
  let wasConnected = false;

  const connect = (): void => {
    const source = new EventSource('/page/events');
    source.addEventListener('open', () => {
      handlers.connected(wasConnected);
      wasConnected = true;
    });
    source.addEventListener('error', () => {
      handlers.lost();
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, RETRY_AFTER_MS);
    });
    for (const name of EVENT_NAMES) {
      source.addEventListener(name, (event: MessageEvent<string>) => {
        handlers.event(name, JSON.parse(event.data) as PageEvents[typeof name]);
      });
    }
  };
  connect();
}
