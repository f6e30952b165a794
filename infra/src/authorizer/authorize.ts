// Authorization header → the service token, read anew if it may have been rotated → a policy for the whole stage
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Secrets } from '@omnicloud/secrets';
import type { APIGatewayAuthorizerResult, APIGatewayTokenAuthorizerEvent } from 'aws-lambda';

/** Whoever guesses tokens must not make us ask Secrets Manager each time. */
const REFRESH_INTERVAL_MS = 30_000;

/** API Gateway answers 401 for exactly this message (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html). */
class UnauthorizedError extends Error {
  override readonly name = 'UnauthorizedError';
  readonly code = 'unauthenticated';
  readonly retryable = false;

  constructor() {
    super('Unauthorized');
  }
}

export interface AuthorizerDeps {
  readonly secrets: Secrets;
  /** The name or ARN of the service token. */
  readonly tokenSecret: string;
  /** Milliseconds since 1970; the machine's clock unless told otherwise. */
  readonly now?: () => number;
}

export type Authorizer = (event: APIGatewayTokenAuthorizerEvent) => Promise<APIGatewayAuthorizerResult>;

/**
 * Keeps strangers from starting the agent's function, which is the costly one; the agent server checks the token itself once more. The
 * policy is for all routes, because API Gateway remembers it for the token and not for the route.
 * @returns a function that throws UnauthorizedError for a wrong token, and SecretError when the right one cannot be read
 */
export function createAuthorizer({ secrets, tokenSecret, now = Date.now }: AuthorizerDeps): Authorizer {
  let refreshedAtMs = -Infinity;
  const isRight = async (shown: string): Promise<boolean> => {
    if (isSame(shown, await secrets.get(tokenSecret))) return true;
    if (now() - refreshedAtMs < REFRESH_INTERVAL_MS) return false;
    refreshedAtMs = now();
    return isSame(shown, await secrets.refresh(tokenSecret));
  };
  return async ({ authorizationToken, methodArn }) => {
    const shown = /^Bearer (.+)$/i.exec(authorizationToken)?.[1] ?? '';
    if (!(await isRight(shown))) throw new UnauthorizedError();
    const [api = '', stage = ''] = methodArn.split('/');
    return {
      principalId: 'sdk-client',
      policyDocument: {
        Version: '2012-10-17',
        Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: `${api}/${stage}/*` }],
      },
    };
  };
}

/** Compares digests, so that neither the time nor an exception tells how much was right. An empty token is nobody's. */
function isSame(shown: string, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(shown), digest(token)) && token !== '';
}
