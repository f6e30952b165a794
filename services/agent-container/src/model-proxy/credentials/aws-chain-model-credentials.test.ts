import { afterEach, expect, it, vi } from 'vitest';
import { AwsChainModelCredentials } from './aws-chain-model-credentials.ts';

afterEach(() => void vi.unstubAllEnvs());

it('finds the host’s own credentials, and others once it is asked to look again', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'first');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  vi.stubEnv('AWS_SESSION_TOKEN', undefined);
  const credentials = new AwsChainModelCredentials();
  const keys = { kind: 'aws-keys', secretAccessKey: 'secret' };
  expect(await credentials.get()).toEqual({ ...keys, accessKeyId: 'first' });
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'second');
  vi.stubEnv('AWS_SESSION_TOKEN', 'token');
  expect(await credentials.refresh()).toEqual({ ...keys, accessKeyId: 'second', sessionToken: 'token' });
});
