import { OncePerOutage } from '../sqlite/once-per-outage.ts';
import type { StopRequests } from './stop-requests.ts';

/**
 * @returns the same stop requests for whoever must go on without them: when they cannot be read, nothing counts as stopped, and that is
 *   reported once. A request that cannot be written still rejects, because its user must be told.
 */
export function toleratingStops(stops: StopRequests, onError: (error: unknown) => void): StopRequests {
  const outage = new OncePerOutage(onError);
  return {
    request: (sessionKey, updateId) => stops.request(sessionKey, updateId),
    async isStopped(sessionKey, updateId) {
      try {
        const isStopped = await stops.isStopped(sessionKey, updateId);
        outage.worked();
        return isStopped;
      } catch (error) {
        outage.failed(error);
        return false;
      }
    },
  };
}
