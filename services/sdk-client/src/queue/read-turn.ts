import { type Turn, turnSchema } from '@omnicloud/protocol';
import { UnreadableTurnError } from './queue-errors.ts';

/** @throws UnreadableTurnError when the text is no turn, as one of another release may be. */
export function readTurn({ updateId, turnJson }: { updateId: number; turnJson: string }): Turn {
  try {
    return turnSchema.parse(JSON.parse(turnJson));
  } catch (error) {
    throw new UnreadableTurnError(updateId, { cause: error });
  }
}
