/** What follows the id of an update, in a ledger's key and in a turn. */
const UPDATE = /(?:turn#|update_id\\*":)(\d+)/;
const CONVERSATION = /(?<![\d-])(-?\d{5,})[:_](\d+)/;
const SESSION_ID = /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/i;

/** Which conversation it is that a key of a store names: by itself, by the id of an update, or by the agent's session id. */
export class SessionNames {
  readonly #byUpdate = new Map<number, string>();
  readonly #bySessionId = new Map<string, string>();

  noteUpdate(updateId: number, session: string): void {
    this.#byUpdate.set(updateId, session);
  }

  /** @param text holds the agent's id of the session, if anything. */
  noteSessionIn(text: string, session: string): void {
    const [id] = SESSION_ID.exec(text) ?? [];
    if (id === undefined) return;
    // The latest stands last.
    this.#bySessionId.delete(id);
    this.#bySessionId.set(id, session);
  }

  /** @returns the agent's id of the conversation's latest session. */
  idOf(session: string): string | undefined {
    return Array.from(this.#bySessionId).findLast(([, one]) => one === session)?.[0];
  }

  /** @param text a key, or the beginning of a call. */
  find(text: string): string | undefined {
    const [, updateId] = UPDATE.exec(text) ?? [];
    if (updateId !== undefined) return this.#byUpdate.get(Number(updateId));
    const [, chatId, threadId] = CONVERSATION.exec(text) ?? [];
    if (chatId !== undefined) return `${chatId}:${threadId}`;
    const [sessionId = ''] = SESSION_ID.exec(text) ?? [];
    return this.#bySessionId.get(sessionId);
  }
}
