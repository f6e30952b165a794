import { type Conversation, conversationKey } from '../chats/conversation.ts';
import { recall, remember } from '../parts/storage.ts';

/** @returns what was typed in a conversation and not sent, or ''. */
export function draft(conversation: Conversation): string {
  return recall(`draft:${conversationKey(conversation)}`) ?? '';
}

export function keepDraft(conversation: Conversation, text: string): void {
  remember(`draft:${conversationKey(conversation)}`, text.trim() === '' ? undefined : text);
}
