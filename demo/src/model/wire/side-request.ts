import { cutText } from '../cut-text.ts';
import { blocksOf, isText, type ModelRequest } from './model-request.ts';

/** The longest title, in characters. */
const MAX_TITLE_LENGTH = 40;

/**
 * Answers what the CLI asks beside the conversation. It wants a session's title as JSON, and shows the session within
 * a `<session>` element; to anything else, such as a probe of one token, any word is an answer.
 */
export function answerSideRequest(request: ModelRequest): string {
  const texts = request.body.messages.flatMap(blocksOf).filter(isText);
  const session = texts.map((block) => /<session>([\s\S]*?)<\/session>/.exec(block.text)?.[1]).find(Boolean);
  if (session === undefined) return 'ok';
  const title = cutText(session.trim().replace(/\s+/gu, ' '), MAX_TITLE_LENGTH);
  return JSON.stringify({ title: title || 'Demo' });
}
