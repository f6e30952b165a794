import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path/posix';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { increment } from './increment.fixture.ts';
import type { Expectation, SessionStore, StoredObject } from './session-store.ts';

const CONDITION_FAILED = { name: 'ConditionFailedError', code: 'condition_failed', retryable: false };

interface OpenStore {
  store: SessionStore;
  /** The same store seen by another process. */
  reopen(): SessionStore;
  close(): Promise<void>;
}

/** What every adapter of `SessionStore` promises. */
export function describeSessionStore(name: string, openStore: () => Promise<OpenStore>): void {
  describe(`${name} keeps the promises of a session store`, () => {
    let open: OpenStore;
    const key = (): string => `sessions/${randomUUID()}/conversation.jsonl`;
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

    beforeEach(async () => {
      open = await openStore();
    });
    afterEach(async () => {
      await open.close();
    });

    it('answers undefined for an object that was never put', async () => {
      expect(await open.store.get(key())).toBeUndefined();
    });

    it('gives back the very bytes, also to another process', async () => {
      const at = key();
      const body = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);
      await open.store.put(at, body);
      expect(Buffer.from((await open.reopen().get(at))?.body ?? []).equals(Buffer.from(body))).toBe(true);
    });

    it('keeps an empty object apart from none', async () => {
      const at = key();
      await open.store.put(at, bytes(''));
      expect((await open.store.get(at))?.body.byteLength).toBe(0);
    });

    it('replaces an object as a whole', async () => {
      const at = key();
      await open.store.put(at, bytes('a longer first version'));
      await open.store.put(at, bytes('second'));
      expect(new TextDecoder().decode((await open.store.get(at))?.body)).toBe('second');
    });

    it('shows a reader one whole version while writers race', async () => {
      const at = key();
      const versions = Array.from({ length: 12 }, (_, index) =>
        bytes(String(index % 10).repeat(50_000 + index)),
      );
      await open.store.put(at, versions[0] ?? bytes(''));
      const reads: Promise<StoredObject | undefined>[] = [];
      await Promise.all(
        versions.map(async (version) => {
          reads.push(open.store.get(at));
          await open.store.put(at, version);
          reads.push(open.reopen().get(at));
        }),
      );
      const seen = new Set((await Promise.all(reads)).map((read) => new Set(read?.body ?? []).size));
      expect([...seen]).toEqual([1]);
    });

    it('keeps objects of different sessions apart', async () => {
      const [one, other] = [key(), key()];
      await open.store.put(one, bytes('one'));
      expect(await open.store.get(other)).toBeUndefined();
    });

    it('names the version that it wrote, as every reader sees it until the content changes', async () => {
      const at = key();
      const first = await open.store.put(at, bytes('first'));
      expect((await open.store.get(at))?.version).toBe(first);
      expect((await open.reopen().get(at))?.version).toBe(first);
      const second = await open.reopen().put(at, bytes('second'), { version: first });
      expect(second).not.toBe(first);
      expect((await open.store.get(at))?.version).toBe(second);
      const third = await open.store.put(at, bytes('third'));
      expect(new Set([first, second, third]).size).toBe(3);
    });

    it('creates an object where none is expected, also an empty one, and replaces none there', async () => {
      const at = key();
      const version = await open.store.put(at, bytes(''), 'absent');
      await expect(open.reopen().put(at, bytes('other'), 'absent')).rejects.toMatchObject(CONDITION_FAILED);
      expect(await stored(at)).toEqual({ text: '', version });
    });

    it('replaces an object whose version is expected, again and again', async () => {
      const at = key();
      let version = await open.store.put(at, bytes('0'), 'absent');
      for (const text of ['1', '2', '3']) version = await open.store.put(at, bytes(text), { version });
      expect(await stored(at)).toEqual({ text: '3', version });
    });

    it('leaves an object that is not what was expected', async () => {
      const at = key();
      const old = await open.store.put(at, bytes('old'));
      const version = await open.reopen().put(at, bytes('new'));
      await expect(open.store.put(at, bytes('late'), { version: old })).rejects.toMatchObject(
        CONDITION_FAILED,
      );
      expect(await stored(at)).toEqual({ text: 'new', version });
      await expect(open.store.put(at, bytes('late'), 'absent')).rejects.toMatchObject(CONDITION_FAILED);
      expect(await stored(at)).toEqual({ text: 'new', version });
    });

    it('creates no object where a version was expected', async () => {
      const [at, other] = [key(), key()];
      const version = await open.store.put(other, bytes('the same'));
      await expect(open.store.put(at, bytes('the same'), { version })).rejects.toMatchObject(
        CONDITION_FAILED,
      );
      expect(await open.store.get(at)).toBeUndefined();
    });

    it('lets exactly one of many writers replace the version that all of them read', async () => {
      const at = key();
      const version = await open.store.put(at, bytes('before'));
      await expectOneWinner(at, { version });
    });

    it('lets exactly one of many writers create the object', () => expectOneWinner(key(), 'absent'));

    it('loses none of the changes of writers that read again whenever they were too late', async () => {
      const at = key();
      await open.store.put(at, bytes('0'));
      await Promise.all(Array.from({ length: 6 }, () => increment(open.reopen(), at)));
      expect((await stored(at))?.text).toBe('6');
    });

    it('lists what lies under a prefix, with the time of its last write, and nothing else', async () => {
      const folder = `sessions/${randomUUID()}/`;
      const before = Date.now() - 2_000;
      expect(await open.store.list(`${folder}packs/`)).toEqual([]);
      for (const name of ['packs/1.tar.gz', 'packs/2.tar.gz', 'packs.txt', 'todos.json'])
        await open.store.put(folder + name, bytes(name));
      const listed = await open.reopen().list(`${folder}packs/`);
      expect(listed.map(({ key: at }) => at).sort()).toEqual([
        `${folder}packs/1.tar.gz`,
        `${folder}packs/2.tar.gz`,
      ]);
      for (const { modified } of listed) expect(modified.getTime()).toBeGreaterThan(before);
    });

    it('makes an object young again, and changes nothing else of it', async () => {
      const folder = `sessions/${randomUUID()}/`;
      const [at, other] = [`${folder}packs/an odd + näme?.gz`, `${folder}packs/other.gz`];
      const version = await open.store.put(at, bytes('the content'));
      await open.store.put(other, bytes('other'));
      const before = await modifiedIn(folder);
      // A store may tell only whole seconds.
      await vi.waitFor(async () => {
        expect(await open.store.renew(at)).toBe(true);
        expect((await modifiedIn(folder)).get(at)).toBeGreaterThan(before.get(at) ?? Infinity);
      }, 10_000);
      expect((await modifiedIn(folder)).get(other)).toBe(before.get(other));
      expect(await stored(at)).toEqual({ text: 'the content', version });
      await open.reopen().put(at, bytes('next'), { version });
    });

    it('makes nothing young that is not there', async () => {
      const at = key();
      expect(await open.store.renew(at)).toBe(false);
      expect(await open.store.get(at)).toBeUndefined();
    });

    it('removes an object for everybody, and minds none that is not there', async () => {
      const at = key();
      await open.store.put(at, bytes('old'));
      await open.store.delete(at);
      await open.store.delete(at);
      expect(await open.reopen().get(at)).toBeUndefined();
      await open.store.put(at, bytes('new'), 'absent');
      expect((await stored(at))?.text).toBe('new');
    });

    it('gives an object out piece by piece, with its size before and its version after', async () => {
      const at = key();
      const body = Buffer.alloc(5 * 1024 * 1024, 'a transcript ');
      const version = await open.store.put(at, body);
      await using object = await open.reopen().open(at);
      expect(object?.bytes).toBe(body.byteLength);
      expect(object?.modified).toEqual((await open.store.list(`${dirname(at)}/`))[0]?.modified);
      const pieces: Uint8Array[] = [];
      for await (const piece of object?.body ?? []) pieces.push(piece);
      expect(Buffer.concat(pieces).equals(body)).toBe(true);
      expect(Math.max(...pieces.map((piece) => piece.byteLength))).toBeLessThanOrEqual(1024 * 1024);
      expect(object?.version()).toBe(version);
    });

    it('opens none that is not there, and minds none that nobody reads, or not to its end', async () => {
      const at = key();
      expect(await open.store.open(at)).toBeUndefined();
      await open.store.put(at, Buffer.alloc(3 * 1024 * 1024));
      for (let times = 0; times < 20; times += 1) {
        await using unread = await open.store.open(at);
        expect(unread?.bytes).toBe(3 * 1024 * 1024);
        await using begun = await open.store.open(at);
        for await (const piece of begun?.body ?? []) {
          expect(piece.byteLength).toBeGreaterThan(0);
          break;
        }
      }
    });

    it('gives out what was opened, whatever is written meanwhile', async () => {
      const at = key();
      await open.store.put(at, Buffer.alloc(3 * 1024 * 1024, 'old'));
      await using object = await open.store.open(at);
      await open.reopen().put(at, Buffer.alloc(3 * 1024 * 1024, 'new'));
      const seen = new Set<string>();
      for await (const piece of object?.body ?? [])
        for (const byte of piece) seen.add(String.fromCharCode(byte));
      expect([...seen].sort()).toEqual(['d', 'l', 'o']);
    });

    it('copies an object within the store, over what lay there, and none where there is none', async () => {
      const [from, to] = [key(), key()];
      await open.store.put(to, bytes('before'));
      expect(await open.store.copy(key(), to)).toBe(false);
      expect((await stored(to))?.text).toBe('before');
      const version = await open.store.put(from, bytes('the content'));
      expect(await open.store.copy(from, to)).toBe(true);
      expect(await stored(to)).toEqual({ text: 'the content', version });
      await open.store.put(from, bytes('another'));
      expect((await stored(to))?.text).toBe('the content');
    });

    async function modifiedIn(folder: string): Promise<Map<string, number>> {
      const listed = await open.reopen().list(folder);
      return new Map(listed.map(({ key: at, modified }) => [at, modified.getTime()]));
    }

    async function stored(at: string): Promise<{ text: string; version: string } | undefined> {
      const found = await open.reopen().get(at);
      return found && { text: new TextDecoder().decode(found.body), version: found.version };
    }

    async function expectOneWinner(at: string, expected: Expectation): Promise<void> {
      const shared = open.reopen();
      const texts = Array.from({ length: 20 }, (_, index) => `writer ${index}`);
      const outcomes = await Promise.allSettled(
        texts.map((text, index) => {
          const store = [open.store, shared][index] ?? open.reopen();
          return store.put(at, bytes(text), expected);
        }),
      );
      const won = outcomes.flatMap((outcome, index) =>
        outcome.status === 'fulfilled' ? [{ text: texts[index], version: outcome.value }] : [],
      );
      const lost = outcomes.flatMap(({ status, ...rest }) =>
        status === 'rejected' && 'reason' in rest ? [rest.reason as unknown] : [],
      );
      expect(won).toEqual([await stored(at)]);
      expect(lost).toEqual(lost.map(() => expect.objectContaining(CONDITION_FAILED) as unknown));
    }
  });
}
