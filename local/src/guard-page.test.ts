import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { guardPage } from './guard-page.ts';

async function statusOf(bound: string, headers: Record<string, string>): Promise<number> {
  const app = new Hono();
  app.use('*', guardPage(bound));
  app.get('/', (context) => context.text('the page'));
  return (await app.request('http://unused/', { headers })).status;
}

describe('A page bound to loopback', () => {
  it.each(['127.0.0.1:8787', 'localhost:8787', '[::1]:8787', 'LOCALHOST'])(
    'is served as %s',
    async (host) => {
      expect(await statusOf('127.0.0.1', { host })).toBe(200);
    },
  );

  it.each(['evil.example', 'evil.example:8787', '127.0.0.1.evil.example', '192.168.1.7:8787', ''])(
    'is not served as "%s", to which a hostile name could have been pointed',
    async (host) => {
      expect(await statusOf('127.0.0.1', { host })).toBe(403);
    },
  );

  it.each(['http://evil.example', 'http://127.0.0.1:9999', 'null', 'https://localhost:1'])(
    'refuses requests that a page from %s sends',
    async (origin) => {
      expect(await statusOf('127.0.0.1', { host: '127.0.0.1:8787', origin })).toBe(403);
    },
  );

  it('takes its own requests', async () => {
    expect(await statusOf('127.0.0.1', { host: '127.0.0.1:8787', origin: 'http://127.0.0.1:8787' })).toBe(
      200,
    );
  });
});

describe('A page bound to every address on purpose', () => {
  it('is served by address, as no DNS name can pretend to be one', async () => {
    expect(await statusOf('0.0.0.0', { host: '192.168.1.7:8787' })).toBe(200);
    expect(await statusOf('0.0.0.0', { host: 'evil.example' })).toBe(403);
  });

  it('is served by the name it was bound to', async () => {
    expect(await statusOf('my-box.local', { host: 'my-box.local:8787' })).toBe(200);
  });
});
