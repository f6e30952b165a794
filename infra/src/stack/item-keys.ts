import { backlogKey, leaseKey, stopKey } from '@omnicloud/storage';

const ANY = '*';

/** Which items of the one table a statement speaks of, as patterns of their key. */
export const ITEM_KEYS = {
  /** `chat_id:thread_id`. An id is a number, so no prefix of the others can begin like it. */
  conversations: ['-', '1', '2', '3', '4', '5', '6', '7', '8', '9'].map((first) => first + ANY),
  leases: [leaseKey(ANY)],
  stops: [stopKey(ANY)],
  backlogs: [backlogKey(ANY)],
  turns: [`turn#${ANY}`],
} as const;
