import { routes } from '@omnicloud/protocol';
import { describe, expect, it } from 'vitest';
import { agentServer, TOKEN } from './agent-server.fixture.ts';

const ORIGIN = 'https://console.example.org';
const BODY = JSON.stringify({ chat_id: '1', user_message: 'Hi' });
const authorization = `Bearer ${TOKEN}`;

function corsHeaders(response: Response): string[] {
  return [...response.headers.keys()].filter((name) => name.startsWith('access-control-'));
}

describe('A page of an origin that is allowed', () => {
  it('may ask before it sends, without the token', async () => {
    const server = await agentServer({ corsOrigins: [ORIGIN] });
    const { status, headers } = await server.preflight(routes.create, ORIGIN);
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(headers.get('access-control-allow-methods')).toContain('POST');
    const allowed = headers.get('access-control-allow-headers')?.toLowerCase();
    for (const name of ['authorization', 'content-type', 'idempotency-key']) expect(allowed).toContain(name);
    expect(headers.get('access-control-allow-credentials')).toBeNull();
  });

  it.each([
    ['answer', { authorization }, 200],
    ['stream', { authorization, accept: 'application/x-ndjson' }, 200],
    ['refusal', {}, 401],
  ] as const)('may read the %s', async (_, headers, status) => {
    const server = await agentServer({ corsOrigins: ['https://other.example.org', ORIGIN] });
    const response = await server.post(routes.create, BODY, { ...headers, origin: ORIGIN });
    await response.text();
    expect(response.status).toBe(status);
    expect(response.headers.get('access-control-allow-origin')).toBe(ORIGIN);
  });
});

it('A page of any other origin is not told that it may', async () => {
  const server = await agentServer({ corsOrigins: [ORIGIN] });
  for (const origin of ['https://evil.example.org', 'null', `${ORIGIN}.evil.org`]) {
    const asked = await server.preflight(routes.create, origin);
    const answered = await server.post(routes.create, BODY, { authorization, origin });
    expect(asked.headers.get('access-control-allow-origin')).toBeNull();
    expect(answered.headers.get('access-control-allow-origin')).toBeNull();
  }
});

it.each([undefined, []])('Without origins (%j) nothing is said of them at all', async (corsOrigins) => {
  const server = await agentServer(corsOrigins === undefined ? {} : { corsOrigins });
  const asked = await server.preflight(routes.create, ORIGIN);
  expect(asked.status).toBe(401);
  expect(corsHeaders(asked)).toEqual([]);
  expect(corsHeaders(await server.post(routes.create, BODY, { authorization, origin: ORIGIN }))).toEqual([]);
});
