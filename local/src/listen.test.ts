import { expect, it } from 'vitest';
import { listen, ownUrlOf } from './listen.ts';

it.each([
  ['127.0.0.1', 'http://127.0.0.1:8787'],
  ['0.0.0.0', 'http://127.0.0.1:8787'],
  ['::', 'http://[::1]:8787'],
  ['::1', 'http://[::1]:8787'],
  ['192.168.1.7', 'http://192.168.1.7:8787'],
])('What is bound to %s is reached by this machine at %s', (host, url) => {
  expect(ownUrlOf(host, 8787)).toBe(url);
});

it('Until there is something to serve, a request is told to come again; then it is answered', async () => {
  const listener = await listen('0.0.0.0', 0);
  const url = ownUrlOf('0.0.0.0', listener.port);
  const early = await fetch(url);
  expect([early.status, early.headers.get('retry-after')]).toEqual([503, '1']);
  listener.serve(() => new Response('here'));
  expect(await (await fetch(url)).text()).toBe('here');
  await listener.close();
});
