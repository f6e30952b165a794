// a body → the thread for its size → judged against the configured models
import { setImmediate as nextTurn } from 'node:timers/promises';
import { JudgeLane, type JudgeJob, type LaneOptions, type SpentTime } from './judge-lane.ts';
import type { JudgeReply } from './judge-message.ts';
import { judgeQuestion } from './judge-question.ts';
import type { ModelPolicy } from '../calls/model-policy.ts';

/** Judged within some 3 ms, which is less than handing them to a thread may take. */
const TINY_BYTES = 64 * 1024;
const TINY_ITEMS = 2_000;
/** Nearly every conversation is smaller. */
const SMALL_BYTES = 4 * 1024 * 1024;

/** A body that was counted. */
export interface CountedJob extends JudgeJob {
  /** As `JsonTally` counts them. */
  readonly items: number;
}

/**
 * Judges bodies outside of the server's own thread, because parsing a large one takes half a second. Large ones have a thread of their
 * own: they do not keep small ones waiting, and only one of them at a time takes memory for being parsed. Tiny ones are judged here, one
 * in each turn of the event loop.
 */
export class JudgePool {
  readonly #allows: ModelPolicy;
  readonly #small: JudgeLane;
  readonly #large: JudgeLane;
  /** Resolves when the event loop has been round since the last body that was judged here. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(allows: ModelPolicy, options: LaneOptions) {
    this.#allows = allows;
    const spent: SpentTime = new WeakMap();
    this.#small = new JudgeLane(spent, options);
    this.#large = new JudgeLane(spent, options);
  }

  /**
   * @returns also for bodies that name a model, whether that one is allowed.
   * @throws JudgeError when there is no judgement; AbortError when the signal aborts while it waits
   */
  async judge(job: CountedJob): Promise<JudgeReply> {
    const reply = await this.#reply(job);
    if (reply.allow && reply.model !== undefined && !this.#allows(reply.model))
      return { allow: false, reason: 'This model is not among the configured ones' };
    return reply;
  }

  #reply(job: CountedJob): Promise<JudgeReply> {
    const { byteLength } = job.question.body;
    if (byteLength <= TINY_BYTES && job.items <= TINY_ITEMS) return this.#judgeHere(job);
    return (byteLength > SMALL_BYTES ? this.#large : this.#small).judge(job);
  }

  async #judgeHere({ question, signal }: CountedJob): Promise<JudgeReply> {
    const before = this.#turn;
    this.#turn = before.then(() => nextTurn());
    await before;
    signal.throwIfAborted();
    return judgeQuestion(question);
  }

  close(): void {
    this.#small.close();
    this.#large.close();
  }
}
