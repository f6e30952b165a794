import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Answer, Forward } from '../harm/forward.ts';

const RECEIVE = 'AmazonSQS.ReceiveMessage';
const ASK_AGAIN_MS = 300;

const receive = z.looseObject({ WaitTimeSeconds: z.number().default(0) });
const received = z.looseObject({ Messages: z.array(z.unknown()).default([]) });

/**
 * Asks moto's SQS for one thing at a time, and waits for messages in its place. moto 5.2.5 (`moto/sqs/models.py`) is no match for several
 * clients at once: `delete_message` builds the list of messages anew without the lock under which `add_message` appends to it, so what is sent
 * meanwhile may be gone; `receive_message` chooses a message without a lock, so two may be given the same one; and while it waits, it goes by the
 * groups that were busy when it began, and turns round in a loop without a pause as long as there are messages that it may not give out.
 */
export function spareMoto(forward: Forward): Forward {
  let last: Promise<unknown> = Promise.resolve();
  const alone: Forward = (...call) => {
    const answer = last.then(() => forward(...call));
    last = answer.catch(() => undefined);
    return answer;
  };
  return async (request, body, isGone) => {
    if (request.headers['x-amz-target'] !== RECEIVE) return alone(request, body, isGone);
    const asked = receive.parse(JSON.parse(body.toString()));
    const untilMs = Date.now() + asked.WaitTimeSeconds * 1_000;
    const once = Buffer.from(JSON.stringify({ ...asked, WaitTimeSeconds: 0 }));
    request.headers['content-length'] = String(once.byteLength);
    for (;;) {
      const answer = await alone(request, once, isGone);
      if (!isEmpty(answer) || Date.now() >= untilMs || isGone()) return answer;
      await delay(ASK_AGAIN_MS);
    }
  };
}

function isEmpty({ status, body }: Answer): boolean {
  return status === 200 && received.parse(JSON.parse(body.toString())).Messages.length === 0;
}
