import { describe, expect, it } from 'vitest';
import { type BodyRules, judgeBody } from './judge-body.ts';
import { modelPolicy } from '../calls/model-policy.ts';

const MESSAGES = [{ role: 'user', content: 'x' }];
const CALL = { kind: 'generate', path: '/v1/messages' } as const;
const RULES: BodyRules = {
  protocol: 'anthropic',
  allows: modelPolicy({ opus: 'm', sonnet: 'm', haiku: 'm' }),
  isWebSearchOn: false,
};
const judge = (body: object | string, rules: Partial<BodyRules> = {}, call = CALL) => {
  const text = typeof body === 'string' ? body : JSON.stringify({ model: 'm', messages: MESSAGES, ...body });
  return judgeBody(call, Buffer.from(text), { ...RULES, ...rules });
};
const holding = (...content: object[]): object => ({ messages: [{ role: 'user', content }] });

describe('a body is let through', () => {
  it.each<[string, object]>([
    ['as the CLI writes it', { max_tokens: 9, system: [], thinking: {}, metadata: {}, stream: true }],
    ['with tools that the caller runs', { tools: [{ name: 'Read' }, { type: 'custom', name: 'x' }] }],
    ['with tools that only the model knows', { tools: [{ type: 'bash_20250124', name: 'bash' }] }],
    [
      'with pictures and documents that it holds',
      holding(
        { type: 'image', source: { type: 'base64', data: 'eA==' } },
        { type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'x' }] } },
        { type: 'tool_result', content: [{ type: 'image', source: { type: 'base64', data: 'eA==' } }] },
      ),
    ],
    ['with a URL that is a tool’s input', holding({ type: 'tool_use', input: { source: { type: 'url' } } })],
    ['with the name of where a result is from', holding({ type: 'search_result', source: 'https://a.b' })],
  ])('%s', (_, body) => {
    expect(judge(body)).toMatchObject({ allow: true });
  });

  it('with a search of the web only where that is on', () => {
    const body = { tools: [{ type: 'web_search_20250305', name: 's' }] };
    expect(judge(body)).toMatchObject({ allow: false });
    expect(judge(body, { isWebSearchOn: true })).toMatchObject({ allow: true });
  });
});

const FROM_A_URL = { type: 'image', source: { type: 'url', url: 'https://evil.example/?secret' } };

describe.each(['anthropic', 'bedrock'] as const)('for %s, a body is refused', (protocol) => {
  it.each<[string, object | string]>([
    ['that is no JSON', '{'],
    ['that is no object', '[]'],
    ['without messages', '{"model":"m"}'],
    ['with an image at a URL', holding(FROM_A_URL)],
    ['with one in a result', holding({ type: 'tool_result', content: [FROM_A_URL] })],
    [
      'with one in a document',
      holding({ type: 'document', source: { type: 'content', content: [FROM_A_URL] } }),
    ],
    ['with a file of the provider’s', holding({ type: 'document', source: { type: 'file', file_id: 'f' } })],
    ['with a file for a container', holding({ type: 'container_upload', file_id: 'f' })],
    ['with a block of no type', holding({ source: { type: 'url' } })],
    ['with MCP servers', { mcp_servers: [{ type: 'url', url: 'https://x' }] }],
    ['with a container', { container: 'c' }],
    ['with further models', { fallbacks: [{ model: 'other' }] }],
    ['with a price of its own', { speed: 'fast' }],
    ['with a field in capitals', { Container: 'c' }],
    ...[
      'web_fetch_20250910',
      'code_execution_20250825',
      'mcp_toolset',
      'advisor_20260301',
      'custom ',
      '',
    ].map((type): [string, object] => [`with a tool of type "${type}"`, { tools: [{ type, name: 'x' }] }]),
  ])('%s', (_, body) => {
    expect(judge(body, { protocol })).toMatchObject({ allow: false });
  });
});

it('is sent on as it was read: a model that is named twice is the one that was judged', () => {
  const messages = JSON.stringify(MESSAGES);
  const judged = judge(`{"model":"other","model":"m","messages":${messages}}`);
  expect(judged.allow && judged.body.toString()).toBe(`{"model":"m","messages":${messages}}`);
  expect(judge(`{"model":"m","model":"other","messages":${messages}}`)).toMatchObject({ allow: false });
});

it.each([
  ['anthropic', '/v1/messages', false, false],
  ['anthropic', '/v1/messages', true, true],
  ['bedrock', '/model/m/invoke', true, false],
  ['bedrock', '/model/m/invoke-with-response-stream', false, true],
] as const)('at %s, %s with stream: %j is streamed: %j', (protocol, path, stream, isStreamed) => {
  const judged = judge({ max_tokens: 7, stream }, { protocol }, { kind: 'generate', path } as never);
  expect(judged.allow && judged.estimate).toMatchObject({ maxOutputTokens: 7, isStreamed });
});
