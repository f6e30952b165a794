import { gunzipSync } from 'node:zlib';
import { TEXTS } from '@omnicloud/sdk-client/internal/reply/texts.ts';
import { FORUM, PERSON } from '../fakes/telegram-server.ts';
import type { Stage } from './stage.fixture.ts';

/** In `ALLOWED_USERS`, but behind the owner. */
export const MEMBER = 1_000_777;
/** Not in it. */
const STRANGER = 1_000_778;
export const ALLOWED_USERS = { ALLOWED_USERS: `${PERSON},${MEMBER}` };

/** How a member asks for the debug log. */
export const FOR_THE_LOG = [
  '/debug',
  '/DEBUG please',
  '/debug@omnicloud_agent_bot',
  '/export',
  '/Export include_debug=true',
];
/** How one sees the debug log in an archive: by its name, or by the heading of a turn. */
export const LOG = /debug\.txt|=== turn /;

/**
 * Somebody asks the bot for files in the neighbour's chat, under the owner's name.
 * @returns the unpacked archive, or the words with which it was refused.
 */
export async function filesFor(userId: number, text: string, { telegram }: Stage): Promise<string> {
  const { standIn } = telegram;
  const { message_id: asked } = standIn.sendAsUser({ chat_id: FORUM, text, from: { id: userId } });
  const answer = await telegram.waitForMessage(
    FORUM,
    (shown, { message_id: id, document }) =>
      id > asked && (document !== undefined || shown === TEXTS.en.ownerOnly),
  );
  if (!answer.document) return answer.text ?? '';
  const path = `/page/chats/${FORUM}/messages/${answer.message_id}/document`;
  const response = await standIn.app.request(path);
  return gunzipSync(Buffer.from(await response.arrayBuffer())).toString('latin1');
}

const FLOOD = ['hello', '/start', '/help', '/debug', '/stop', '/new x', '/status', 'x'.repeat(4_000)];

/** Sixty messages of a stranger, each under another name; when it returns, the bot has got them all. @returns the stranger's chat. */
export async function floodByStranger({ telegram: { standIn } }: Stage): Promise<number> {
  for (let count = 0; count < 60; count += 1) {
    const from = { id: STRANGER, first_name: `Eve ${count}`, username: `eve_${count}` };
    standIn.sendAsUser({ chat_id: STRANGER, from, text: FLOOD[count % FLOOD.length] ?? '' });
  }
  await standIn.whenIdle();
  return STRANGER;
}
