import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { CallPayload } from './calls/call-payload.ts';
import { retryAfterMs, retryDelayMs } from './retry-delay.ts';
import type { SettingsStore, Webhook } from './store/settings-store.ts';
import type { UpdateQueue } from './store/update-queue.ts';

/** A webhook that is silent for longer gets the update again. */
const ANSWER_TIMEOUT_MS = 60_000;

/** One try to deliver an update that did not end in a 2xx. It is tried again. */
export class WebhookDeliveryError extends Error {
  override readonly name = 'WebhookDeliveryError';
  /** The HTTP status of the answer; absent when there was none. */
  readonly status: number | undefined;
  /** What the answer's `Retry-After` asks for, in ms. */
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    options?: ErrorOptions & { status?: number; retryAfterMs?: number | undefined },
  ) {
    super(message, options);
    this.status = options?.status;
    this.retryAfterMs = options?.retryAfterMs;
  }
}

const webhookReply = z.looseObject({ method: z.string() });

interface Parts {
  settings: SettingsStore;
  updates: UpdateQueue;
  fetch: typeof fetch;
  /** Carries out the call that a webhook put into the body of its answer. */
  reply: (method: string, payload: CallPayload) => Promise<void>;
  onError: (error: unknown) => void;
}

/** Posts the queued updates to the webhook: at least once, one at a time and in order within each queue. */
export class WebhookDelivery {
  readonly #parts: Parts;
  readonly #stop = new AbortController();
  readonly #activeQueues = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  #waits = new AbortController();
  #isStarted = false;

  /** The latest try that failed; `at_s` in Unix seconds. */
  lastFailure: { at_s: number; message: string } | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Delivers from now on whatever is in the queue or comes into it, while a webhook is set. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#parts.updates.events.on('pushed', this.#deliver);
    this.#deliver();
  }

  /** Tries at once what waits for its next try: there may be another webhook. */
  webhookChanged(): void {
    this.#waits.abort();
    this.#waits = new AbortController();
    this.#deliver();
  }

  /** Ends every try and wait. What has no 2xx yet stays in the queue. */
  async stop(): Promise<void> {
    this.#parts.updates.events.off('pushed', this.#deliver);
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  /** A method, because the answer changes while a delivery waits. */
  #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  readonly #deliver = (): void => {
    if (!this.#isStarted || this.#isStopped() || !this.#parts.settings.get('webhook')) return;
    for (const queue of this.#parts.updates.queues()) {
      if (this.#activeQueues.has(queue)) continue;
      this.#activeQueues.add(queue);
      const run = this.#deliverQueue(queue)
        .catch(this.#parts.onError)
        .finally(() => this.#running.delete(run));
      this.#running.add(run);
    }
  };

  /** Ends when the queue is empty; the name is given back in the same tick, so that no update is overlooked. */
  async #deliverQueue(queue: string): Promise<void> {
    let failures = 0;
    try {
      while (!this.#isStopped()) {
        try {
          const webhook = this.#parts.settings.get('webhook');
          const update = this.#parts.updates.first(queue);
          if (!webhook || !update) return;
          await this.#post(webhook, update.body);
          // What was posted and cannot be taken out now is posted again: a webhook knows an update by its id.
          this.#parts.updates.take(update.position);
          failures = 0;
        } catch (error) {
          if (this.#isStopped()) return;
          failures += 1;
          this.#noteFailure(error);
          const asked = error instanceof WebhookDeliveryError ? error.retryAfterMs : undefined;
          await this.#wait(asked ?? retryDelayMs(failures));
        }
      }
    } finally {
      this.#activeQueues.delete(queue);
    }
  }

  async #post(webhook: Webhook, body: string): Promise<void> {
    const timeout = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const response = await this.#parts
      .fetch(webhook.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(webhook.secret !== undefined && { 'x-telegram-bot-api-secret-token': webhook.secret }),
        },
        body,
        redirect: 'manual',
        signal: AbortSignal.any([this.#stop.signal, timeout]),
      })
      .catch((cause: unknown) => {
        const reason = timeout.aborted ? 'Read timeout expired' : 'Connection failed';
        throw new WebhookDeliveryError(reason, { cause });
      });
    const text = await response.text();
    if (!response.ok) {
      throw new WebhookDeliveryError(`Wrong response from the webhook: ${response.status}`, {
        status: response.status,
        retryAfterMs: retryAfterMs(response.headers.get('retry-after')),
      });
    }
    await this.#replyWith(response, text);
  }

  /** The update is delivered, whatever becomes of the call in the answer: nobody could be told. */
  async #replyWith(response: Response, text: string): Promise<void> {
    if (!response.headers.get('content-type')?.startsWith('application/json') || text === '') return;
    try {
      const call = webhookReply.safeParse(JSON.parse(text));
      if (!call.success) return;
      const { method, ...payload } = call.data;
      await this.#parts.reply(method, payload);
    } catch (error) {
      this.#parts.onError(error);
    }
  }

  #noteFailure(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.lastFailure = { at_s: Math.floor(Date.now() / 1000), message };
    this.#parts.onError(error);
  }

  async #wait(ms: number): Promise<void> {
    const end = AbortSignal.any([this.#stop.signal, this.#waits.signal]);
    await delay(ms, undefined, { signal: end }).catch((error: unknown) => {
      if (!end.aborted) throw error;
    });
  }
}
