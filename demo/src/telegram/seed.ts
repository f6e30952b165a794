import type { User } from 'grammy/types';
import type { Conversations } from './conversations.ts';
import type { BotChat, ChatStore } from './store/chat-store.ts';
import type { SettingsStore } from './store/settings-store.ts';

const PERSON: User = { id: 1_000_001, is_bot: false, first_name: 'You', language_code: 'en' };

const TEAM: BotChat = { id: -1_001_000_000_001, type: 'supergroup', title: 'Team', is_forum: true };
const TEAM_TOPICS = ['Ideas', 'Release'];

/** On the first opening, and only then, makes the person, their chat with the bot, and a forum. */
export function seedOnce(settings: SettingsStore, store: ChatStore, conversations: Conversations): void {
  if (settings.get('person')) return;
  settings.set('person', PERSON);
  store.addChat({ id: PERSON.id, type: 'private', first_name: PERSON.first_name });
  store.addChat(TEAM);
  for (const name of TEAM_TOPICS) conversations.addTopic(TEAM.id, name);
}
