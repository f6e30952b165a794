import type { BotApiFault } from '@omnicloud/demo/internal/telegram/calls/bot-api-call.ts';
import type { Random } from '../surroundings/random.ts';

/** The shares of calls that meet each fault. */
const CALL_FAULTS = { throttled: 0.02, held: 0.004, broken: 0.015, drop: 0.015, lost: 0.015 };
/** Of a throttled call, and of one that is held back for longer than a worker waits; in seconds. */
const RETRY_AFTER_S = { throttled: 1, held: 6 };

/** @returns what goes wrong with a call, undefined for nothing. */
export function faultOf(random: Random): BotApiFault | undefined {
  const faults: [number, BotApiFault][] = [
    [CALL_FAULTS.throttled, throttling(RETRY_AFTER_S.throttled)],
    [CALL_FAULTS.held, throttling(RETRY_AFTER_S.held)],
    [CALL_FAULTS.broken, failure(500, 'Internal Server Error')],
    [CALL_FAULTS.drop, 'drop'],
    [CALL_FAULTS.lost, 'lost_answer'],
  ];
  let drawn = random.next();
  for (const [share, fault] of faults) {
    if (drawn < share) return fault;
    drawn -= share;
  }
  return undefined;
}

function throttling(retryAfterS: number): BotApiFault {
  return failure(429, `Too Many Requests: retry after ${retryAfterS}`, { retry_after: retryAfterS });
}

function failure(status: number, description: string, parameters?: object): BotApiFault {
  return { status, body: { ok: false, error_code: status, description, ...(parameters && { parameters }) } };
}
