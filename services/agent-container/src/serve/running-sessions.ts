import { AgentError } from '../errors.ts';

/** Which sessions this process runs at the moment: two runs of one session would fork its transcript. */
export class RunningSessions {
  readonly #running = new Set<string>();

  /**
   * @returns the function that lets the session go again.
   * @throws AgentError `session_busy`
   */
  enter(sessionId: string): () => void {
    if (this.#running.has(sessionId)) {
      throw new AgentError('session_busy', 'This session is busy with another message');
    }
    this.#running.add(sessionId);
    return () => this.#running.delete(sessionId);
  }
}
