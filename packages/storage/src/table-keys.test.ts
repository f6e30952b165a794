import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sessionKey } from '@omnicloud/protocol';
import { backlogKey, leaseKey, stopKey, ttlSeconds, turnKey } from './table-keys.ts';

const aChat = fc.bigInt({ min: -(10n ** 19n) + 1n, max: 10n ** 19n - 1n }).map(String);
const aThread = fc.option(fc.nat().map(String));
const aKey = fc.oneof(
  fc.tuple(aChat, aThread).map(([chat, thread]) => ({ kind: 'mapping', key: sessionKey(chat, thread) })),
  fc
    .tuple(aChat, aThread)
    .map(([chat, thread]) => ({ kind: 'stop', key: stopKey(sessionKey(chat, thread)) })),
  fc.nat().map((updateId) => ({ kind: 'turn', key: turnKey(updateId) })),
  fc.uuid().map((sessionId) => ({ kind: 'lease', key: leaseKey(sessionId) })),
);

describe('the keys of the table', () => {
  it('are spelt as operators look them up', () => {
    expect(sessionKey('-100123', '7')).toBe('-100123:7');
    expect(stopKey('-100123:7')).toBe('stop#-100123:7');
    expect(turnKey(42)).toBe('turn#42');
    expect(backlogKey('-100123:7')).toBe('backlog#-100123:7');
    expect(leaseKey('0190c8a4-0000-4000-8000-000000000001')).toBe(
      'lease#0190c8a4-0000-4000-8000-000000000001',
    );
  });

  it('tell by their beginning what lies there', () =>
    fc.assert(
      fc.property(aKey, ({ kind, key }) => {
        expect(/^(?:(?<prefix>[a-z]+)#|-?\d+:\d+$)/.exec(key)?.groups?.prefix ?? 'mapping').toBe(kind);
      }),
    ));
});

it('lets the table delete an item at the second after its end, and not before', () => {
  expect(ttlSeconds(1_700_000_000_000)).toBe(1_700_000_000);
  expect(ttlSeconds(1_700_000_000_001)).toBe(1_700_000_001);
  expect(ttlSeconds(1_700_000_000_999)).toBe(1_700_000_001);
});
