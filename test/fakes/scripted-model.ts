import { createAdaptorServer } from '@hono/node-server';
import { once } from 'node:events';
import { Server } from 'node:http';
import { createBedrockStandIn } from '@omnicloud/demo/internal/model/wire/bedrock-wire.ts';
import type { ModelOutput, Respond } from '@omnicloud/demo/internal/model/wire/model-output.ts';
import { isSideRequest, type ModelRequest } from '@omnicloud/demo/internal/model/wire/model-request.ts';
import { answerSideRequest } from '@omnicloud/demo/internal/model/wire/side-request.ts';

/** A place in a response where the model waits until the test says go. */
export interface Gate {
  readonly type: 'gate';
  /** Resolves when the response has come to the gate: all that stands before it has been taken by the server. */
  readonly reached: Promise<void>;
  /** Lets the response go on; once released, a gate stays open. */
  release(): void;
}

/** What a script may say: text, outputs of a model, and gates between them. */
export type ScriptItem = string | ModelOutput | Gate;

/** Computes one response; after the signal nobody reads it. */
export type Script = (
  request: ModelRequest,
  signal: AbortSignal,
) => AsyncIterable<ScriptItem> | Iterable<ScriptItem>;

export interface ScriptedModel {
  /** For `ANTHROPIC_BEDROCK_BASE_URL`. */
  readonly baseUrl: string;
  /** The requests of conversations, in the order of their arrival. */
  readonly requests: readonly ModelRequest[];
  /** What the CLI asked beside them: titles and probes. They get an answer of their own and use up no script. */
  readonly sideRequests: readonly ModelRequest[];
  /** Queues one response; a request that finds the queue empty gets what was told at the start, or else "ok". */
  reply(...items: ScriptItem[]): void;
  /** Queues one response that is computed from its request. */
  replyWith(script: Script): void;
  /** Forgets the responses that are still queued. */
  clear(): void;
  /** @returns the first request, past or future, that fits; rejects when the model is closed before one comes. */
  waitForRequest(fits?: (request: ModelRequest, index: number) => boolean): Promise<ModelRequest>;
  /** Makes the next request that has no gate yet wait at one before its response begins. */
  hold(): Gate;
  /** Ends every connection, also those within a response. */
  close(): Promise<void>;
}

interface Waiter {
  readonly fits: (request: ModelRequest, index: number) => boolean;
  readonly resolve: (request: ModelRequest) => void;
  readonly reject: (error: Error) => void;
}

type OpenableGate = Gate & { readonly reach: () => void; readonly opened: Promise<void> };

/** @returns a gate to put between the items of `reply`; one gate serves one place. */
export function createGate(): Gate {
  const reached = Promise.withResolvers<undefined>();
  const opened = Promise.withResolvers<undefined>();
  const gate: OpenableGate = {
    type: 'gate',
    reached: reached.promise,
    reach: () => reached.resolve(undefined),
    opened: opened.promise,
    release: () => opened.resolve(undefined),
  };
  return gate;
}

/**
 * Starts a model on a free port of 127.0.0.1 that says what the test scripted, over Bedrock's wire protocol.
 * @param otherwise answers what finds the queue empty. It can go by the question, where several chats ask at once.
 */
export async function startScriptedModel(otherwise: Script = () => ['ok']): Promise<ScriptedModel> {
  const requests: ModelRequest[] = [];
  const sideRequests: ModelRequest[] = [];
  const scripts: Script[] = [];
  const holds: Gate[] = [];
  const waiters = new Set<Waiter>();

  const respond: Respond = async function* (request, signal) {
    if (isSideRequest(request)) {
      sideRequests.push(request);
      yield { type: 'text', text: answerSideRequest(request) };
      return;
    }
    // Both are taken before anyone hears of the request, so that a test which reacts to it scripts the next one.
    const held = holds.shift();
    const script = scripts.shift() ?? otherwise;
    requests.push(request);
    for (const waiter of waiters) {
      if (!waiter.fits(request, requests.length - 1)) continue;
      waiters.delete(waiter);
      waiter.resolve(request);
    }
    if (held) yield* play([held], signal);
    yield* play(script(request, signal), signal);
  };

  const server = createAdaptorServer({ fetch: createBedrockStandIn({ respond }).fetch });
  if (!(server instanceof Server)) throw new Error('Expected an HTTP/1 server');
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    baseUrl: `http://127.0.0.1:${portOf(server)}`,
    requests,
    sideRequests,
    reply: (...items) => void scripts.push(() => items),
    replyWith: (script) => void scripts.push(script),
    clear: () => void scripts.splice(0),
    waitForRequest: (fits = () => true) => {
      const past = requests.find(fits);
      if (past) return Promise.resolve(past);
      return new Promise((resolve, reject) => void waiters.add({ fits, resolve, reject }));
    },
    hold: () => {
      const gate = createGate();
      holds.push(gate);
      return gate;
    },
    close: async () => {
      for (const waiter of waiters)
        waiter.reject(new Error('The model was closed before such a request came'));
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function* play(
  items: ReturnType<Script>,
  signal: AbortSignal,
): AsyncGenerator<ModelOutput, void, undefined> {
  for await (const item of items) {
    if (typeof item === 'string') yield { type: 'text', text: item };
    else if (item.type === 'gate') await pass(item, signal);
    else yield item;
  }
}

/** @throws the signal's reason when the client goes first. */
async function pass(gate: Gate, signal: AbortSignal): Promise<void> {
  if (!isOpenable(gate)) throw new TypeError('Only a gate made here can be passed');
  gate.reach();
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason instanceof Error ? signal.reason : new Error('Aborted'));
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([gate.opened, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function isOpenable(gate: Gate): gate is OpenableGate {
  return 'reach' in gate && 'opened' in gate;
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  return address.port;
}
