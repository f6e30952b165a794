import { expect, it } from 'vitest';
import { tracedFetch } from './traced-fetch.ts';

const TRACE = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1';

/** What a request through it arrives with. */
async function headersOf(trace: string | undefined): Promise<Headers> {
  let arrived = new Headers();
  const edge: typeof fetch = (input, init) => {
    arrived = new Request(input, init).headers;
    return Promise.resolve(new Response());
  };
  const headers = { authorization: 'Bearer token' };
  await tracedFetch(edge, () => trace)('https://agent.example/', { headers });
  return arrived;
}

it('names the trace of the turn to the agent server, beside what else it says', async () => {
  const headers = await headersOf(TRACE);
  expect(headers.get('x-amzn-trace-id')).toBe(TRACE);
  expect(headers.get('authorization')).toBe('Bearer token');
});

it('says nothing of traces where there are none', async () => {
  expect((await headersOf(undefined)).has('x-amzn-trace-id')).toBe(false);
});
