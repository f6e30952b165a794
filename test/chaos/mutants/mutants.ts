// Systems with a fault of their own, which the checker has to see. The product knows nothing of them: they are put around it by the harness's own processes.
import { sessionKeyOf, type Turn } from '@omnicloud/protocol';
import { z } from 'zod';
import type { AgentRuntime } from '@omnicloud/agent-container/internal/run/agent-runtime.ts';
import { AgentError } from '@omnicloud/agent-container/internal/errors.ts';
import type { OpenObject } from '@omnicloud/agent-container/internal/session/store/session-store.ts';
import type { BacklogEntry } from '@omnicloud/sdk-client/internal/queue/backlog/backlog.ts';
import type { TurnHandler } from '@omnicloud/sdk-client/internal/queue/turn-queue.ts';
import type { Stores } from '@omnicloud/local/internal/stores/stores.ts';
import { questionsIn } from '../evidence/marks.ts';
import type { Rule } from '../checker/verdict.ts';

/** Each mutant, and the rule that it has to break. */
export const MUTANTS = {
  'refuses every second turn': 'explained',
  'never saves, and says so': 'explained',
  'never saves': 'context',
  'saves every third turn': 'context',
  'hands out a stale conversation': 'context',
  'forgets /new': 'context',
  'answers twice': 'answered exactly once',
  'drops a part': 'answered exactly once',
  'answers with the text of another session': 'order',
  'loses messages when it merges them': 'answered exactly once',
  'sends a file twice': 'answered exactly once',
  'loses a file': 'answered exactly once',
  'leaves marks': 'no mark left',
  'meets a failing model with silence': 'answered exactly once',
  'hides that a conversation was damaged': 'context',
  'ignores a stop': 'stop obeyed',
  'stops what comes later': 'explained',
  'says nothing of what a stop dropped': 'answered exactly once',
  'loses the second speaker': 'answered exactly once',
  'takes every speaker for the first': 'context',
} as const satisfies Record<string, Rule>;

export const mutantName = z.enum(Object.keys(MUTANTS) as [Mutant, ...Mutant[]]);
export type Mutant = keyof typeof MUTANTS;

const CONVERSATION = 'conversation.jsonl';
const KEPT_EVERY = 3;

/** @returns the stores as a faulty system would use them. */
export function mutatedStores(stores: Stores, mutant: Mutant | undefined): Stores {
  switch (mutant) {
    case 'never saves, and says so':
      return withObjects(stores, {
        put: (key, ...rest) =>
          isConversation(key)
            ? Promise.reject(new AgentError('store_unavailable', 'This mutant never saves'))
            : stores.objects.put(key, ...rest),
      });
    case 'never saves':
      return withObjects(stores, {
        put: (key, ...rest) =>
          isConversation(key) ? Promise.resolve('never-saved') : stores.objects.put(key, ...rest),
      });
    case 'saves every third turn': {
      const saves = new Map<string, number>();
      return withObjects(stores, {
        put: (key, ...rest) => {
          const count = saves.get(key) ?? 0;
          saves.set(key, count + 1);
          const isSkipped = isConversation(key) && count % KEPT_EVERY !== 0;
          return isSkipped ? Promise.resolve('skipped') : stores.objects.put(key, ...rest);
        },
      });
    }
    case 'hands out a stale conversation': {
      const earlier = new Map<string, Uint8Array[]>();
      return withObjects(stores, {
        open: async (key) => {
          const found = await stores.objects.open(key);
          const stale = earlier.get(key)?.at(-2);
          return found && stale ? staleObject(found, stale) : found;
        },
        put: async (key, body, ...rest) => {
          const version = await stores.objects.put(key, body, ...rest);
          if (isConversation(key)) earlier.set(key, [...(earlier.get(key) ?? []), body]);
          return version;
        },
      });
    }
    case 'ignores a stop':
      return {
        ...stores,
        stops: around(stores.stops, {
          request: () => Promise.resolve(),
          isStopped: () => Promise.resolve(false),
        }),
      };
    case 'stops what comes later':
      return {
        ...stores,
        stops: around(stores.stops, { isStopped: (key) => stores.stops.isStopped(key, -1) }),
      };
    case 'forgets /new':
      return { ...stores, table: around(stores.table, { forget: () => Promise.resolve() }) };
    case 'loses messages when it merges them':
      return {
        ...stores,
        // A message that waits is merged by what the backlog shows of it; a message that is answered by itself comes from the queue.
        backlog: around(stores.backlog, {
          list: async (group) => (await stores.backlog.list(group)).map(withoutWords),
        }),
      };
    default:
      return stores;
  }
}

function withoutWords(entry: BacklogEntry): BacklogEntry {
  const { turn } = entry;
  return turn.ask.kind === 'message'
    ? { ...entry, turn: { ...turn, ask: { ...turn.ask, text: '' } } }
    : entry;
}

/** @returns an earlier content under the present version. */
function staleObject(found: OpenObject, stale: Uint8Array): OpenObject {
  const body = async function* (): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    // The version is known at the end.
    for await (const piece of found.body) bytes += piece.byteLength;
    if (bytes > 0) yield stale;
  };
  return {
    bytes: stale.byteLength,
    modified: found.modified,
    body: body(),
    version: () => found.version(),
    [Symbol.asyncDispose]: () => found[Symbol.asyncDispose](),
  };
}

/** @returns the agent as a faulty system would run it. */
export function mutatedRuntime(runtime: AgentRuntime, mutant: Mutant | undefined): AgentRuntime {
  if (mutant !== 'refuses every second turn') return runtime;
  const refused = new Map<string, boolean>();
  return {
    run: (run) => {
      const asked = questionsIn(run.prompt).join(' ');
      if (!refused.has(asked)) refused.set(asked, refused.size % 2 === 1);
      if (refused.get(asked)) throw new AgentError('bad_request', 'This mutant refuses every second turn');
      return runtime.run(run);
    },
  };
}

/** @returns the worker as a faulty system would have it. */
export function mutatedHandler(handler: TurnHandler, mutant: Mutant | undefined): TurnHandler {
  const firsts = new Map<string, Turn['sender']>();
  const firstIn = (turn: Turn): Turn['sender'] => {
    const key = sessionKeyOf(turn);
    const first = firsts.get(key) ?? turn.sender;
    firsts.set(key, first);
    return first;
  };
  switch (mutant) {
    case 'loses the second speaker':
      return around(handler, {
        handle: (turn, attempt) =>
          firstIn(turn).id === turn.sender.id
            ? handler.handle(turn, attempt)
            : Promise.resolve({ kind: 'done' }),
      });
    case 'meets a failing model with silence':
      return around(handler, {
        handle: async (turn, attempt) => {
          const outcome = await handler.handle(turn, attempt);
          return outcome.kind === 'later' ? { kind: 'done' } : outcome;
        },
      });
    case 'takes every speaker for the first':
      return around(handler, {
        handle: (turn, attempt) => handler.handle({ ...turn, sender: firstIn(turn) }, attempt),
      });
    default:
      return handler;
  }
}

function withObjects(stores: Stores, changes: Partial<Stores['objects']>): Stores {
  return { ...stores, objects: around(stores.objects, changes) };
}

/** @returns the port with some of its methods replaced. */
function around<Port extends object>(port: Port, changes: Partial<Port>): Port {
  return new Proxy(port, {
    get(target, property) {
      const changed: unknown = Reflect.get(changes, property);
      if (changed !== undefined) return changed;
      const member: unknown = Reflect.get(target, property, target);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

function isConversation(key: string): boolean {
  return key.endsWith(CONVERSATION);
}
