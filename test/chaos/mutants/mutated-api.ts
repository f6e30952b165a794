import type { Api, Transformer } from 'grammy/web';
import { marksIn } from '../evidence/marks.ts';
import type { Mutant } from './mutants.ts';

type Payload = Record<string, unknown>;
type Send = (method: string, payload: Payload) => Promise<{ ok: boolean }>;
type Change = (send: Send, method: string, payload: Payload) => Promise<{ ok: boolean }>;

/** A message that nobody sent. */
const NOWHERE = 987_654_321;

/** Lets the bot call Telegram as a faulty system would. */
export function mutateApi(api: Api, mutant: Mutant | undefined): void {
  const change = changeOf(mutant);
  if (!change) return;
  const transformer = (
    call: Send,
    method: string,
    payload: Payload,
    signal: unknown,
  ): Promise<{ ok: boolean }> =>
    change(
      (name, what) => (call as (...args: unknown[]) => Promise<{ ok: boolean }>)(name, what, signal),
      method,
      payload,
    );
  api.config.use(transformer as unknown as Transformer);
}

function changeOf(mutant: Mutant | undefined): Change | undefined {
  switch (mutant) {
    case 'answers twice':
      return async (send, method, payload) => {
        const sent = await send(method, payload);
        if (method === 'sendMessage' && marksOf(payload).length > 0) await send(method, payload);
        return sent;
      };
    case 'drops a part':
      return (send, method, payload) =>
        method === 'sendMessage' && isLaterPart(payload)
          ? Promise.resolve({ ok: true, result: { message_id: NOWHERE } })
          : send(method, payload);
    case 'answers with the text of another session': {
      let last: { chat: unknown; text: unknown } | undefined;
      return (send, method, payload) => {
        if (method !== 'sendMessage' || marksOf(payload).length === 0) return send(method, payload);
        const { chat_id: chat, text } = payload;
        const other = last !== undefined && last.chat !== chat ? last.text : text;
        last = { chat, text };
        return send(method, { ...payload, text: other, entities: [] });
      };
    }
    case 'sends a file twice':
      return async (send, method, payload) => {
        const sent = await send(method, payload);
        if (method === 'sendDocument') await send(method, payload);
        return sent;
      };
    case 'loses a file':
      return (send, method, payload) =>
        method === 'sendDocument'
          ? Promise.resolve({ ok: true, result: { message_id: NOWHERE } })
          : send(method, payload);
    case 'says nothing of what a stop dropped':
      return without(/, and the .* dropped/);
    case 'hides that a conversation was damaged':
      return without(/The (?:stored|earlier) conversation [^\n]*/);
    case 'leaves marks':
      return (send, method, payload) =>
        method === 'setMessageReaction' && Array.isArray(payload.reaction) && payload.reaction.length === 0
          ? Promise.resolve({ ok: true, result: true })
          : send(method, payload);
    default:
      return undefined;
  }
}

/** Leaves a part out of what the bot says; that spoils the formatting of the rest. */
function without(part: RegExp): Change {
  return (send, method, payload) => {
    const { text, ...rest } = payload;
    if (typeof text !== 'string' || !part.test(text)) return send(method, payload);
    return send(method, { ...rest, text: text.replace(part, '…'), entities: [] });
  };
}

function isLaterPart(payload: Payload): boolean {
  const marks = marksOf(payload);
  return marks.length > 0 && marks.every(({ part }) => part > 1);
}

function marksOf({ text }: Payload): ReturnType<typeof marksIn> {
  return typeof text === 'string' ? marksIn(text) : [];
}
