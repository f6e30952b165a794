import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseModelCall, parseTarget, type Protocol } from './model-call.ts';
import { modelPolicy } from './model-policy.ts';

const TOKEN = 'A'.repeat(43);
const ID = 'us.anthropic.claude-sonnet-5-5';
const VERSIONED = 'anthropic.claude-sonnet-4-5-v1:0';
const ARN = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3';
const named = modelPolicy({ opus: VERSIONED, sonnet: ID, haiku: ARN });

const parse = (method: string, target: string, protocol: Protocol = 'bedrock') => {
  const parsed = parseTarget(`/${TOKEN}${target}`);
  return parsed && parseModelCall(protocol, { method, target: parsed, allows: named });
};

describe('a target', () => {
  it('is a token of 32 bytes, a path and perhaps a query', () => {
    expect(parseTarget(`/${TOKEN}/model/x?a=b`)).toEqual({ token: TOKEN, path: '/model/x', query: 'a=b' });
    expect(parseTarget(`/${TOKEN}/x`)).toEqual({ token: TOKEN, path: '/x', query: '' });
  });

  it.each([
    '',
    '/',
    `/${TOKEN}`,
    `/${TOKEN.slice(1)}/model/x/invoke`,
    `/${TOKEN}A/model/x/invoke`,
    `//${TOKEN}/model/x/invoke`,
    `/.%2f${TOKEN}/model/x/invoke`,
    `http://127.0.0.1/${TOKEN}/model/x/invoke`,
    `127.0.0.1:443`,
    `/${TOKEN}\\model\\x`,
    '*',
  ])('is not %s', (target) => {
    expect(parseTarget(target)).toBeUndefined();
  });
});

describe('on Bedrock', () => {
  it.each([
    [`/model/${ID}/invoke`, 'generate', `/model/${ID}/invoke`],
    [`/model/${ID}/invoke-with-response-stream`, 'generate', `/model/${ID}/invoke-with-response-stream`],
    [`/model/${ID}/count-tokens`, 'count', `/model/${ID}/count-tokens`],
    [`/model/${VERSIONED}/invoke`, 'generate', `/model/${encodeURIComponent(VERSIONED)}/invoke`],
    [
      `/model/${encodeURIComponent(VERSIONED)}/invoke`,
      'generate',
      `/model/${encodeURIComponent(VERSIONED)}/invoke`,
    ],
    [`/model/${encodeURIComponent(ARN)}/invoke`, 'generate', `/model/${encodeURIComponent(ARN)}/invoke`],
    [`/model/${ARN}/invoke`, 'generate', `/model/${encodeURIComponent(ARN)}/invoke`],
    [`/model/${ID}/invoke?x=y`, 'generate', `/model/${ID}/invoke`],
  ])('%s is a call', (target, kind, path) => {
    const model = decodeURIComponent(path.split('/')[2] ?? '');
    expect(parse('POST', target)).toEqual({ kind, path, model });
  });

  it('the list of inference profiles is one too', () => {
    expect(parse('GET', '/inference-profiles?type=SYSTEM_DEFINED')).toEqual({ kind: 'list-profiles' });
  });

  it.each([
    ['GET', `/model/${ID}/invoke`],
    ['PUT', `/model/${ID}/invoke`],
    ['POST', '/inference-profiles'],
    ['GET', `/inference-profiles/${encodeURIComponent(ARN)}`],
    ['GET', '/inference-profiles/'],
    ['GET', '/foundation-models'],
    ['POST', `/model/${ID}/converse`],
    ['POST', `/model/${ID}/converse-stream`],
    ['POST', `/model/${ID}/async-invoke`],
    ['POST', `/model/${ID}/invoke/`],
    ['POST', `/model/${ID}%2Finvoke`],
    ['POST', `/model//${ID}/invoke`],
    ['POST', `/model/${ID}/../${ID}/invoke`],
    ['POST', `/model/../model/${ID}/invoke`],
    ['POST', `/model/${ID}%2F..%2Fother/invoke`],
    ['POST', `/model/${encodeURIComponent(encodeURIComponent(VERSIONED))}/invoke`],
    ['POST', `/model/${ID}%00/invoke`],
    ['POST', `/model/${ID}%/invoke`],
    ['POST', `/model/${ID}%20/invoke`],
    ['POST', `/MODEL/${ID}/invoke`],
    ['POST', `/model/${ID.toUpperCase()}/invoke`],
    ['POST', '/model/us.anthropic.claude-opus-5/invoke'],
    ['POST', '/model/amazon.nova-pro-v1:0/invoke'],
    ['POST', '/v1/messages'],
  ])('%s %s is none', (method, target) => {
    expect(parse(method, target)).toBeUndefined();
  });
});

describe('at Anthropic', () => {
  it.each([
    ['/v1/messages', 'generate', '/v1/messages'],
    ['/v1/messages?beta=true', 'generate', '/v1/messages?beta=true'],
    ['/v1/messages/count_tokens?beta=true', 'count', '/v1/messages/count_tokens?beta=true'],
    ['/v1/messages?beta=true&x=1', 'generate', '/v1/messages'],
  ])('%s is a call', (target, kind, path) => {
    expect(parse('POST', target, 'anthropic')).toEqual({ kind, path });
  });

  it.each([
    ['GET', '/v1/messages'],
    ['POST', '/v1/messages/batches'],
    ['POST', '/v1/messages/'],
    ['POST', '/v1/files'],
    ['POST', '/v1/complete'],
    ['POST', '/v1/../v1/messages'],
    ['POST', '/v1%2Fmessages'],
    ['GET', '/inference-profiles'],
    ['POST', `/model/${ID}/invoke`],
  ])('%s %s is none', (method, target) => {
    expect(parse(method, target, 'anthropic')).toBeUndefined();
  });
});

/** Pieces that attacks on paths are made of, between those of an honest path. */
const piece = fc.oneof(
  fc.constantFrom(
    ...['/', '..', '.', '%2e', '%2f', '%252f', '%5c', '//', ';', '@', '#', '?', ':', '%00', '%', '\\'],
    ...['model', 'invoke', 'converse', 'count-tokens', 'inference-profiles', 'v1', 'messages', ID, ARN],
  ),
  fc.string({ maxLength: 8 }),
);

it('whatever a path is made of, what is sent on is a call of a configured model and nothing else', () => {
  const sent = new Set(
    [ID, VERSIONED, ARN].flatMap((id) =>
      ['invoke', 'invoke-with-response-stream', 'count-tokens'].map(
        (action) => `/model/${encodeURIComponent(id)}/${action}`,
      ),
    ),
  );
  fc.assert(
    fc.property(
      fc.constantFrom('', '/model/', `/model/${ID}/`),
      fc.array(piece, { maxLength: 8 }),
      fc.constantFrom('', '/invoke'),
      (head, pieces, tail) => {
        const call = parse('POST', head + pieces.join('') + tail);
        return call === undefined || (call.kind !== 'list-profiles' && sent.has(call.path));
      },
    ),
    { numRuns: 3_000 },
  );
});
