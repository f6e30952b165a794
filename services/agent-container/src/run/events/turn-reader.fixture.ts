import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk';
import { expect } from 'vitest';
import type { RuntimeEvent } from '../agent-runtime.ts';
import { TurnTranslator } from './translate-sdk-message.ts';

export const WORKSPACE = '/srv/session/workspace';

/**
 * Plays the messages to a translator, and its text events to a reader.
 * @returns all events, the answer in the end, and what the reader then shows.
 */
export function follow(messages: readonly SDKMessage[]): {
  events: RuntimeEvent[];
  answer: string;
  shown: string;
} {
  const translator = new TurnTranslator(WORKSPACE);
  const events = messages.flatMap((message) => translator.translate(message));
  let shown = '';
  for (const event of events) {
    if (event.type !== 'text') continue;
    expect(event.offset).toBeLessThanOrEqual(shown.length);
    shown = shown.slice(0, event.offset) + event.delta;
  }
  return { events, answer: translator.answer, shown };
}
