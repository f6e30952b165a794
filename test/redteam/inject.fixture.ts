import { blocksOf, isText } from '@omnicloud/demo/internal/model/wire/model-request.ts';
import { PERSON } from '../fakes/telegram-server.ts';
import type { Stage } from './stage.fixture.ts';

/** The stand-in counts on from the last one: in between there is room for its own. */
const STEP = 1_000;

let updateId = 800_000_000;

/** What somebody says; everything about them and the chat can be chosen. */
export function injectInto({ telegram }: Stage, message: object, kind = 'message'): void {
  updateId += STEP;
  telegram.standIn.injectUpdate({
    update_id: updateId,
    [kind]: {
      message_id: updateId,
      date: 1_700_000_000,
      chat: { id: PERSON, type: 'private', first_name: 'You' },
      from: { id: PERSON, is_bot: false, first_name: 'You' },
      ...message,
    },
  });
}

/** @returns the last thing that a user said to the model in each of its requests from this one on. */
export function promptsSince({ model }: Stage, request: number): string[] {
  return model.requests.slice(request).map(({ body }) => {
    const said = body.messages.findLast(({ role }) => role === 'user');
    return (said ? blocksOf(said) : [])
      .filter(isText)
      .map(({ text }) => text)
      .join('\n');
  });
}
