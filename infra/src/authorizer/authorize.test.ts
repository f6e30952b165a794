import { FixedSecrets, type Secrets } from '@omnicloud/secrets';
import { describe, expect, it } from 'vitest';
import { createAuthorizer } from './authorize.ts';

const ARN = 'arn:aws:execute-api:us-east-1:111122223333:abc/v1/POST/session/create';
const TOKEN = 'a-token-of-some-length';
const tokenSecret = 'service-token';

function event(authorizationToken: string) {
  return { type: 'TOKEN' as const, authorizationToken, methodArn: ARN };
}

describe('the right token', () => {
  it('opens all routes of the stage, and of no other', async () => {
    const authorize = createAuthorizer({
      secrets: new FixedSecrets(new Map([[tokenSecret, TOKEN]])),
      tokenSecret,
    });
    const { policyDocument } = await authorize(event(`Bearer ${TOKEN}`));
    expect(policyDocument.Statement).toEqual([
      {
        Action: 'execute-api:Invoke',
        Effect: 'Allow',
        Resource: 'arn:aws:execute-api:us-east-1:111122223333:abc/v1/*',
      },
    ]);
  });

  it('counts at once after it was replaced', async () => {
    const authorize = createAuthorizer({ secrets: rotating(['old', TOKEN]), tokenSecret });
    await expect(authorize(event(`Bearer ${TOKEN}`))).resolves.toHaveProperty('principalId');
  });
});

describe('a wrong token', () => {
  it.each([`Bearer ${TOKEN}x`, `Basic ${TOKEN}`, TOKEN, 'Bearer ', ''])(
    'is answered with 401: %s',
    async (shown) => {
      const authorize = createAuthorizer({
        secrets: new FixedSecrets(new Map([[tokenSecret, TOKEN]])),
        tokenSecret,
      });
      await expect(authorize(event(shown))).rejects.toThrow(/^Unauthorized$/);
    },
  );

  it('is nobody’s when the secret is empty', async () => {
    const authorize = createAuthorizer({ secrets: rotating(['']), tokenSecret });
    await expect(authorize(event('Bearer '))).rejects.toThrow('Unauthorized');
  });

  it('makes us read the secret anew every 30 s at most', async () => {
    const secrets = rotating([TOKEN]);
    let nowMs = 0;
    const authorize = createAuthorizer({ secrets, tokenSecret, now: () => nowMs });
    const guess = () => expect(authorize(event('Bearer guess'))).rejects.toThrow('Unauthorized');
    await guess();
    await guess();
    expect(secrets.refreshes).toBe(1);
    nowMs += 30_000;
    await guess();
    expect(secrets.refreshes).toBe(2);
  });
});

/** A secret that has the next of these values each time it is read anew. */
function rotating(values: readonly string[]): Secrets & { refreshes: number } {
  const current = (): string => values[Math.min(secrets.refreshes, values.length - 1)] ?? '';
  const secrets = {
    refreshes: 0,
    get: () => Promise.resolve(current()),
    refresh: () => {
      secrets.refreshes += 1;
      return Promise.resolve(current());
    },
  };
  return secrets;
}
