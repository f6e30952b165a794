import type { MessageEntity } from 'grammy/types';
import { badRequest } from '../calls/bot-api-error.ts';
import { detectEntities } from './detected-entities.ts';
import { linkUrlProblem } from './link-url.ts';

/** Counted after the entities were parsed and the text was trimmed. */
const MAX_TEXT_CODE_POINTS = 4096;
const MAX_CAPTION_CODE_POINTS = 1024;
/** What goes beyond is dropped without a word. */
const MAX_ENTITIES = 100;

/** Telegram finds these itself and ignores them in a call. */
const DETECTED_TYPES: ReadonlySet<string> = new Set([
  'mention',
  'hashtag',
  'cashtag',
  'bot_command',
  'url',
  'email',
  'phone_number',
]);

export interface MessageText {
  text: string;
  /** Absent rather than empty, as in a Message. */
  entities?: MessageEntity[];
}

export interface MessageCaption {
  caption?: string;
  caption_entities?: MessageEntity[];
}

/**
 * Checks and cleans a message's text and entities the way Telegram does: control characters become spaces, `\r` goes,
 * white space around the text is trimmed, and links, commands and mentions are marked.
 * @param given entities with offsets and lengths in UTF-16 code units.
 * @throws BotApiError 400 with Telegram's reason.
 */
export function messageText(raw: string, given: readonly MessageEntity[] = []): MessageText {
  const { text, entities } = readText(raw, given);
  if (text === '') throw badRequest('message text is empty');
  if (Array.from(text).length > MAX_TEXT_CODE_POINTS) throw badRequest('message is too long');
  return entities.length > 0 ? { text, entities } : { text };
}

/** Does the same with what stands below a file, which may be nothing. @throws as `messageText`. */
export function messageCaption(raw = '', given: readonly MessageEntity[] = []): MessageCaption {
  const { text, entities } = readText(raw, given);
  if (Array.from(text).length > MAX_CAPTION_CODE_POINTS) throw badRequest('message caption is too long');
  return {
    ...(text !== '' && { caption: text }),
    ...(entities.length > 0 && { caption_entities: entities }),
  };
}

function readText(raw: string, given: readonly MessageEntity[]): Marked {
  if (!raw.isWellFormed()) throw badRequest('text must be encoded in UTF-8');
  const wanted = given.filter(({ type }) => !DETECTED_TYPES.has(type));
  for (const entity of wanted) checkEntity(raw, entity);

  const { text, entities } = trimmed(cleaned({ text: raw, entities: wanted }));
  const all = [...entities, ...detectEntities(text, entities)]
    .sort((a, b) => a.offset - b.offset || b.length - a.length)
    .slice(0, MAX_ENTITIES);
  return { text, entities: all };
}

/** Wording of TDLib's `fix_entities`, with the first letter lowered as the Bot API server does. */
function checkEntity(text: string, entity: MessageEntity): void {
  const { offset, length } = entity;
  const end = offset + length;
  if (offset < 0) throw badRequest(`receive an entity with incorrect offset ${offset}`);
  if (length < 0) throw badRequest(`receive an entity with incorrect length ${length}`);
  if (entity.type === 'text_link') {
    const problem = linkUrlProblem(entity.url);
    if (problem !== undefined) throw badRequest(`entity URL '${entity.url}' is invalid: ${problem}`);
  }
  if (length === 0) return;
  if (offset > text.length) {
    throw badRequest(`entity begins after the end of the text at UTF-16 offset ${offset}`);
  }
  const beginning = `entity beginning at UTF-16 offset ${offset}`;
  if (end > text.length)
    throw badRequest(`${beginning} ends after the end of the text at UTF-16 offset ${end}`);
  const place = 'in a middle of a UTF-16 symbol at byte offset';
  if (splitsPair(text, offset)) {
    throw badRequest(`entity begins ${place} ${Buffer.byteLength(text.slice(0, offset + 1))}`);
  }
  if (splitsPair(text, end)) {
    throw badRequest(`${beginning} ends ${place} ${Buffer.byteLength(text.slice(0, end + 1))}`);
  }
}

function splitsPair(text: string, at: number): boolean {
  return (text.codePointAt(at - 1) ?? 0) > 0xffff;
}

interface Marked {
  text: string;
  entities: MessageEntity[];
}

function cleaned({ text, entities }: Marked): Marked {
  // eslint-disable-next-line no-control-regex -- the very characters that Telegram replaces
  const spaced = text.replaceAll(/[\0-\t\v\f\x0e-\x1f]/g, ' ');
  const position = (at: number): number => spaced.slice(0, at).replaceAll('\r', '').length;
  return { text: spaced.replaceAll('\r', ''), entities: moved(entities, position) };
}

/** White space before the first entity goes, and all at the end, entities included. */
function trimmed({ text, entities }: Marked): Marked {
  const firstEntity = Math.min(text.length, ...entities.map(({ offset }) => offset));
  const leading = text.slice(0, firstEntity).length - text.slice(0, firstEntity).trimStart().length;
  const rest = text.slice(leading).trimEnd();
  const position = (at: number): number => Math.min(Math.max(at - leading, 0), rest.length);
  return { text: rest, entities: moved(entities, position) };
}

/** Moves both ends of each entity; one that becomes empty is dropped. */
function moved(entities: readonly MessageEntity[], position: (at: number) => number): MessageEntity[] {
  return entities
    .map((entity) => {
      const offset = position(entity.offset);
      return { ...entity, offset, length: position(entity.offset + entity.length) - offset };
    })
    .filter(({ length }) => length > 0);
}
