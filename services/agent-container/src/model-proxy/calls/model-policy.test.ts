import { expect, it } from 'vitest';
import { modelPolicy } from './model-policy.ts';

const NAMED = { opus: 'my-opus', sonnet: 'my-sonnet', haiku: 'my-haiku' };

it('allows exactly the configured models when each alias has one', () => {
  const allows = modelPolicy(NAMED, ['arn:aws:bedrock:x:1:application-inference-profile/y', undefined]);
  for (const id of [...Object.values(NAMED), 'arn:aws:bedrock:x:1:application-inference-profile/y'])
    expect(allows(id)).toBe(true);
  for (const id of ['us.anthropic.claude-opus-5', 'my-opus ', 'My-Opus', 'my-opus/x', '', 'opus'])
    expect(allows(id)).toBe(false);
});

it('allows what the CLI itself takes for an alias that has none, and nothing else of Bedrock’s', () => {
  const allows = modelPolicy({});
  for (const id of [
    'us.anthropic.claude-opus-4-6-v1',
    'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
    'eu.anthropic.claude-haiku-4-5-20251001-v1:0',
    'us-gov.anthropic.claude-sonnet-5-5',
    'global.anthropic.claude-opus-5-5',
    'anthropic.claude-haiku-4-5',
    'us.anthropic.claude-3-7-sonnet-20250219-v1:0',
    'claude-sonnet-5-5',
    'claude-haiku-4-5-20251001',
  ])
    expect(allows(id), id).toBe(true);
  for (const id of [
    'amazon.nova-pro-v1:0',
    'us.anthropic.claude-fable-5',
    'evil.us.anthropic.claude-opus-5',
    'anthropic.claude-opus/../x',
    'x/anthropic.claude-opus-5',
    'anthropic.claude-opus-5\n',
    'claude-instant-1',
  ])
    expect(allows(id), id).toBe(false);
});

it('allows another model of a family only where its alias is left to the CLI', () => {
  const allows = modelPolicy({ sonnet: 'my-sonnet' }, ['my-other']);
  expect(['my-sonnet', 'my-other', 'claude-opus-5', 'claude-sonnet-5-5'].map(allows)).toEqual([
    true,
    true,
    true,
    false,
  ]);
});

it('knows a model without the suffix that widens its context', () => {
  expect(modelPolicy(NAMED, ['my-large[1m]'])('my-large')).toBe(true);
});
