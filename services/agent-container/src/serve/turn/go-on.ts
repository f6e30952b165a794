// a turn whose last run failed → a run that goes on from what it had finished → one answer of both
import type { SentFile } from '@omnicloud/protocol';
import type { RuntimeEvent } from '../../run/agent-runtime.ts';
import type { Losses } from '../../session/losses.ts';

/** What an earlier run of the same turn had come to when it failed. */
export interface Earlier {
  readonly answer: string;
  readonly files: readonly SentFile[];
  /** What it had lost when it began. */
  readonly lost?: Losses | undefined;
}

/** What the model reads instead of the question, which the conversation has already. */
export const GO_ON =
  '<system-reminder>\nA technical failure ended your last run before it was done. Everything above has happened, and the user has seen what you wrote. Continue where you left off; do not repeat what is done, and do not mention the failure.\n</system-reminder>';

const PARAGRAPH_BREAK = '\n\n';

/** @returns two parts of one answer, between which tools ran. */
export function afterEarlier(earlier: Earlier | undefined, text: string): string {
  return [earlier?.answer ?? '', text].filter((part) => part.trim() !== '').join(PARAGRAPH_BREAK);
}

/** @returns the events of a run as those of a longer one: its text stands below what the earlier run said. */
export async function* belowEarlier(
  events: AsyncIterable<RuntimeEvent>,
  earlier: Earlier | undefined,
): AsyncGenerator<RuntimeEvent, void, undefined> {
  const above = earlier && earlier.answer.trim() !== '' ? earlier.answer : undefined;
  if (above === undefined) {
    yield* events;
    return;
  }
  yield { type: 'text', offset: 0, delta: above };
  const start = above + PARAGRAPH_BREAK;
  let isBegun = false;
  for await (const event of events) {
    if (event.type === 'answer') yield { ...event, text: afterEarlier(earlier, event.text) };
    else if (event.type !== 'text') yield event;
    else if (isBegun) yield { ...event, offset: start.length + event.offset };
    else {
      isBegun = true;
      yield { ...event, offset: above.length, delta: PARAGRAPH_BREAK + event.delta };
    }
  }
}
