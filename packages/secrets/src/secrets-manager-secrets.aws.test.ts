import {
  CreateSecretCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { SecretsManagerSecrets, type SecretsManagerSecretsOptions } from './secrets-manager-secrets.ts';
import { describeSecrets } from './secrets.contract.ts';

const endpoint = inject('moto');
const TTL_MS = 5 * 60 * 1000;

describe.skipIf(endpoint === '')('Secrets Manager (moto)', () => {
  let client: SecretsManagerClient;
  /** Ends every name, so that each test has a store of its own. */
  let suffix: string;
  let requests: number;

  beforeEach(() => {
    suffix = randomUUID();
    requests = 0;
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    client = new SecretsManagerClient({ endpoint, region: 'us-east-1', credentials });
    client.middlewareStack.add(
      (next, { commandName }) =>
        (args) => {
          if (commandName === 'GetSecretValueCommand') requests += 1;
          return next(args);
        },
      { step: 'initialize' },
    );
  });
  afterEach(() => client.destroy());

  const open = (options: Partial<SecretsManagerSecretsOptions> = {}): SecretsManagerSecrets =>
    new SecretsManagerSecrets({ client, ...options });

  const uniqueOf = (name: string): string => `${name}-${suffix}`;

  /** @returns the secret's ARN. */
  async function put(name: string, value: string): Promise<string> {
    const SecretId = uniqueOf(name);
    try {
      const { ARN } = await client.send(new PutSecretValueCommand({ SecretId, SecretString: value }));
      return ARN ?? '';
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw error;
      const { ARN } = await client.send(new CreateSecretCommand({ Name: SecretId, SecretString: value }));
      return ARN ?? '';
    }
  }

  describeSecrets('SecretsManagerSecrets', () => {
    const secrets = open();
    const withSuffix = (name: string): string => {
      const [id = '', ...key] = name.split('#');
      return [uniqueOf(id), ...key].join('#');
    };
    return Promise.resolve({
      secrets: {
        get: (name: string) => secrets.get(withSuffix(name)),
        refresh: (name: string) => secrets.refresh(withSuffix(name)),
      },
      put: async (name: string, value: string) => {
        await put(name, value);
      },
    });
  });

  it('finds a secret by its ARN too, with or without a key', async () => {
    const arn = await put('bot', '{"token":"1:a"}');
    expect(arn).toMatch(/^arn:aws:secretsmanager:/);
    expect(await open().get(arn)).toBe('{"token":"1:a"}');
    expect(await open().get(`${arn}#token`)).toBe('1:a');
  });

  it('keeps a value for 5 minutes and not longer, and its other keys with it', async () => {
    let nowMs = Date.UTC(2026, 0, 1);
    const secrets = open({ now: () => nowMs });
    await put('bot', '{"token":"old","user":"u"}');
    const name = uniqueOf('bot');
    expect(await secrets.get(`${name}#token`)).toBe('old');
    await put('bot', '{"token":"new","user":"u"}');
    nowMs += TTL_MS - 1;
    expect(await secrets.get(`${name}#token`)).toBe('old');
    expect(await secrets.get(`${name}#user`)).toBe('u');
    expect(requests).toBe(1);
    nowMs += 1;
    expect(await secrets.get(`${name}#token`)).toBe('new');
    expect(requests).toBe(2);
  });

  it('asks once for what several want at the same time', async () => {
    await put('bot', '{"token":"1:a","user":"u"}');
    const name = uniqueOf('bot');
    const secrets = open();
    const names = [name, `${name}#token`, `${name}#user`, `${name}#token`];
    expect(await Promise.all(names.map((each) => secrets.get(each)))).toEqual([
      '{"token":"1:a","user":"u"}',
      '1:a',
      'u',
      '1:a',
    ]);
    expect(requests).toBe(1);
    expect(await Promise.all(['token', 'user'].map((key) => secrets.refresh(`${name}#${key}`)))).toEqual([
      '1:a',
      'u',
    ]);
    expect(requests).toBe(2);
  });

  it('does not keep a failure, and shares it only among those who waited for it', async () => {
    const secrets = open();
    const name = uniqueOf('late');
    const both = await Promise.allSettled([secrets.get(name), secrets.get(name)]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(requests).toBe(1);
    await put('late', 'here');
    expect(await secrets.get(name)).toBe('here');
    expect(requests).toBe(2);
  });

  it('says that a binary secret is none of its kind', async () => {
    const Name = uniqueOf('binary');
    await client.send(new CreateSecretCommand({ Name, SecretBinary: new Uint8Array([1, 2]) }));
    await expect(open().get(Name)).rejects.toMatchObject({ code: 'secret_malformed', retryable: false });
  });
});
