// bot token → who it is → does its way of getting updates fit → does it see what people write in groups
import type { UserFromGetMe, WebhookInfo } from 'grammy/types';
import { fine, type Finding, note, wrong } from './finding.ts';
import { telegramApi, webhookInfo, whoIsBot } from '../telegram.ts';

/** Telegram waits for at most a minute or two between its tries. */
const RECENT_S = 10 * 60;
/** More than a burst of people writing at once. */
const MANY_PENDING = 20;

/** How a bot is meant to get its updates. */
export type Expected = { readonly kind: 'polling' } | { readonly kind: 'webhook'; readonly url?: string };

/** @throws OperateError `telegram_refused` */
export async function checkBot(token: string, apiRoot: string, expected: Expected): Promise<Finding[]> {
  const api = telegramApi(token, apiRoot);
  const bot = await whoIsBot(api);
  return [
    fine(`The bot is @${bot.username}`),
    ...checkUpdates(await webhookInfo(api), expected),
    ...checkGroups(bot),
  ];
}

export function checkUpdates(info: WebhookInfo, expected: Expected, nowMs: number = Date.now()): Finding[] {
  const url = info.url ?? '';
  if (expected.kind === 'polling') {
    if (url === '') return [fine('No webhook is set, so updates can be polled')];
    const what = `The bot's webhook is ${url}: whoever runs there answers`;
    return [
      wrong(
        what,
        '`npm start` takes the bot over and removes the webhook; a bot of its own for tests is better.',
      ),
    ];
  }
  if (url === '') return [wrong('No webhook is set, so nothing arrives', SET_AGAIN)];
  if (expected.url !== undefined && url !== expected.url) {
    return [wrong(`The webhook is ${url} instead of ${expected.url}`, SET_AGAIN)];
  }
  return [fine(`The webhook is ${url}`), ...checkDelivery(info, nowMs)];
}

const SET_AGAIN =
  'Run `npm run deploy`, which sets it; it must not be run elsewhere by polling at the same time.';

function checkDelivery(info: WebhookInfo, nowMs: number): Finding[] {
  const findings: Finding[] = [];
  const { last_error_date: at_s, last_error_message: message = 'no reason given' } = info;
  if (at_s !== undefined) {
    const what = `Telegram could not deliver at ${new Date(at_s * 1_000).toISOString()}: ${message}`;
    const isRecent = nowMs / 1_000 - at_s < RECENT_S;
    const cure = 'Look at `npm run logs`; a 401 means that the webhook secret differs: run `npm run deploy`.';
    findings.push(isRecent ? wrong(what, cure) : note(what));
  }
  const pending = info.pending_update_count;
  const what = `${pending} updates wait at Telegram`;
  findings.push(
    pending > MANY_PENDING ? wrong(what, 'Look at `npm run logs` for what refuses them.') : fine(what),
  );
  return findings;
}

function checkGroups(bot: UserFromGetMe): Finding[] {
  if (bot.can_read_all_group_messages)
    return [fine('Privacy mode is off: in groups the bot sees every message')];
  return [
    note(
      'Privacy mode is on: in groups the bot sees commands, mentions and replies to it alone',
      'To change it: @BotFather → /setprivacy → Disable, then take the bot out of the group and add it again.',
    ),
  ];
}
