import { describe, expect, it } from 'vitest';
import { PageEventHub } from './page-event-hub.ts';

const LONG_MS = 3_600_000;

describe('PageEventHub', () => {
  it('hands every event to every reader, numbered and in order', async () => {
    const hub = new PageEventHub();
    const readers = [hub.open(), hub.open()];
    for (const chatId of [1, 2]) hub.publish('cleared', { chat_id: chatId });
    for (const reader of readers) {
      expect(await reader.next(LONG_MS)).toEqual({ id: 1, name: 'cleared', data: '{"chat_id":1}' });
      expect(await reader.next(LONG_MS)).toEqual({ id: 2, name: 'cleared', data: '{"chat_id":2}' });
    }
  });

  it('wakes a reader that waits', async () => {
    const hub = new PageEventHub();
    const next = hub.open().next(LONG_MS);
    hub.publish('typing', { chat_id: 1 });
    expect(await next).toMatchObject({ name: 'typing' });
  });

  it('tells of silence', async () => {
    expect(await new PageEventHub().open().next(0)).toBe('silence');
  });

  it('cuts off a reader that does not read, and only that one', async () => {
    const hub = new PageEventHub();
    const stuck = hub.open();
    const lively = hub.open();
    for (let count = 0; count < 1001; count += 1) {
      hub.publish('cleared', { chat_id: count });
      await lively.next(LONG_MS);
    }
    expect(await stuck.next(LONG_MS)).toBe('closed');
    expect(hub.readerCount).toBe(1);
  });

  it('ends the wait of every reader when it closes, and of those that come later', async () => {
    const hub = new PageEventHub();
    const waiting = hub.open().next(LONG_MS);
    hub.close();
    expect(await waiting).toBe('closed');
    expect(await hub.open().next(LONG_MS)).toBe('closed');
    expect(hub.readerCount).toBe(0);
  });
});
