/**
 * Port: what a user stopped. `/stop` must not queue behind the turn it stops, so it is written here by whoever receives it, and
 * read by whoever runs. It covers everything that was asked in the conversation before it: update ids only grow.
 */
export interface StopRequests {
  /** Stops all turns of the conversation with a smaller update id, those still queued too. A higher id replaces a lower one. */
  request(sessionKey: string, updateId: number): Promise<void>;
  /** @returns whether a turn was stopped: a request with a higher update id was made in the last day. */
  isStopped(sessionKey: string, updateId: number): Promise<boolean>;
}
