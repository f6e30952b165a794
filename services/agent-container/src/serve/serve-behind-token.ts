import { httpStatusOf } from '@omnicloud/protocol';
import { SecretError, type Secrets } from '@omnicloud/secrets';
import { AgentError } from '../errors.ts';
import { type AppDeps, createApp } from './app.ts';
import type { ServerBindings } from './turn/run-limit.ts';

type Serve = (request: Request, bindings: ServerBindings) => Promise<Response>;
type Deps = Omit<AppDeps, 'authToken'>;

/** A caller with a wrong token makes us read the secret anew, at most this often. In ms. */
const SHORTEST_RENEWAL_MS = 10_000;

/** @returns the app behind a token that never changes. */
export function serveBehindToken(deps: Deps, authToken: string): Serve {
  const app = createApp({ ...deps, authToken });
  return async (request, bindings) => app.fetch(request, bindings);
}

/**
 * @param secretName of the token, which may be replaced at any time: a request that is refused is tried once more if there is a newer one.
 * @returns the app behind it; 503 while it cannot be read.
 */
export function serveBehindSecret(deps: Deps, secrets: Secrets, secretName: string): Serve {
  let renewedAtMs = -Infinity;
  const serveWith = async (token: string, ...asked: Parameters<Serve>): Promise<Response> =>
    serveBehindToken(deps, token)(...asked);
  return async (request, bindings) => {
    try {
      const token = await secrets.get(secretName);
      const response = await serveWith(token, request, bindings);
      if (response.status !== 401 || performance.now() - renewedAtMs < SHORTEST_RENEWAL_MS) return response;
      renewedAtMs = performance.now();
      const renewed = await secrets.refresh(secretName);
      // Whoever is refused has not been read any further than the headers.
      return renewed === token ? response : await serveWith(renewed, request, bindings);
    } catch (cause) {
      if (!(cause instanceof SecretError)) throw cause;
      const error = new AgentError('store_unavailable', 'The service token could not be read', { cause });
      deps.onError(error, '');
      return Response.json({ error: error.toWire() }, { status: httpStatusOf(error.code) });
    }
  };
}
