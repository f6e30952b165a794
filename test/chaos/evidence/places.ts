/** Where one person talks to the bot: a private chat, or a topic of a forum. */
export interface Place {
  readonly personId: number;
  readonly chatId: number;
  readonly threadId: number | undefined;
}

/** @returns the name of the conversation there. */
export function sessionOf({ chatId, threadId }: Pick<Place, 'chatId' | 'threadId'>): string {
  return `${chatId}:${threadId ?? 0}`;
}
