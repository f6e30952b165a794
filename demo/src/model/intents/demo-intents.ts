// the user's words → what the demo model can do about them
import type { Attachment } from '../attachments.ts';
import { type FileIntent, readFileIntent } from './file-intents.ts';

export type Language = 'en' | 'zh';

export type Intent =
  | FileIntent
  | { readonly kind: 'attached'; readonly files: readonly Attachment[] }
  | { readonly kind: 'plan'; readonly items: readonly string[] }
  | { readonly kind: 'finish_task'; readonly taskId: string }
  | { readonly kind: 'run'; readonly command: string }
  | { readonly kind: 'introduce'; readonly name: string }
  | { readonly kind: 'ask_name' | 'recall' | 'showcase' | 'story' | 'who' | 'welcome' | 'unknown' };

/** An item of a plan beyond these would only bury the chat. */
const MAX_PLAN_ITEMS = 12;

const PLAN =
  /^[^\n:：]*(?:\b(?:plan|to-?dos?|tasks?)\b(?!\.\w)|计划|任务|待办|清单)[^\n:：]*[:：]\s*(?<items>[\s\S]+)/iu;
const ITEM_BREAK = /\s*[,，、;；\n]\s*(?:and\s+)?|\s+and\s+/iu;
const FINISH =
  /\b(?:finish|complete|close|done|mark)\b[^\n]*\btask\s*#?(?<en>\d+)|\btask\s*#?(?<en2>\d+)[^\n]*\b(?:done|finished|complete)|(?:完成|做完|标记|勾掉).{0,4}任务\s*#?(?<zh>\d+)|任务\s*#?(?<zh2>\d+).{0,6}(?:完成|做完|好了)/iu;
const RUN =
  /^(?:please\s+|can you\s+)?(?:run|execute)\s+(?:the\s+)?(?:shell\s+)?(?:command\s*:?\s*)?(?<en>[\s\S]+)|^\$\s*(?<prompt>.+)|^(?:请)?(?:帮我)?(?:运行|执行)(?:一下)?(?:命令)?\s*[：:]?\s*(?<zh>[\s\S]+)/iu;
const ASK_NAME =
  /\bwhat(?:'s|’s| is| was)\s+my\s+name\b|\b(?:remember|know|recall)\s+(?:what\s+)?my\s+name\b|\bwho am i\b|我(?:的名字)?(?:叫|是)(?:什么|啥|谁)|(?:记得|知道)我(?:的名字|叫什么|是谁)/iu;
const RECALL =
  /\bwhat\s+(?:did|have)\s+i\s+(?:say|said|tell|told|ask|asked|write|wrote)\b|\bdo you remember\b|\b(?:earlier|previous)\s+messages?\b|我(?:之前|刚才|前面|以前)(?:都)?(?:说|问|讲|写)|(?:还|你)?记得(?:我|吗|什么)|之前(?:说|聊)了?什么/iu;
const INTRODUCE =
  /\b(?:my name is|my name's|my name’s|call me|i am called|i'm called)\s+(?<en>\p{L}[\p{L}\p{M}'’-]*(?:\s+\p{Lu}[\p{L}\p{M}'’-]*)*)|(?:我的名字(?:是|叫)|我叫|叫我|我名叫)\s*(?<zh>[\p{L}·]+?)(?=[\s，,。.！!；;吧]|$)/iu;
const SHOWCASE = /\b(?:formatting|markdown|format(?:s|ted)?)\b|格式|排版/iu;
const STORY =
  /\b(?:story|tale|long(?:er)?\s+(?:answer|text|reply|message)|something long)\b|故事|长一点|长文|长一些/iu;
const WHO =
  /\b(?:who|what)\s+are\s+you\b|\bare you (?:claude|real|a (?:bot|human|model))\b|\bwhich model\b|你是(?:谁|什么|哪个|不是)|是(?:不是)?\s*claude\b|什么模型/iu;
const WELCOME =
  /^\/?(?:hi|hello|hey|help|start|good (?:morning|evening|day))\b[\s\S]{0,30}$|\bwhat can you do\b|^(?:你好|您好|嗨|哈喽|帮助|在吗)[\s\S]{0,12}$|你(?:能|会|可以)(?:做|干)(?:什么|啥|些什么)/iu;

/**
 * In UTF-16 code units; twice what Telegram lets one message hold. Some patterns take time with the square of the length,
 * and nobody commands at such length.
 */
const MAX_READ_LENGTH = 8_192;

/** @returns Chinese when the words hold a Han character, else English. */
export function languageOf(words: string): Language {
  return /\p{Script=Han}/u.test(words) ? 'zh' : 'en';
}

/** Reads one message by its phrasing alone; what matches nothing, or is too long to read, is `unknown`. */
export function readIntent(words: string): Intent {
  const text = words.trim();
  if (text.length > MAX_READ_LENGTH) return { kind: 'unknown' };
  const command = readCommand(text);
  if (command) return command;
  const file = readFileIntent(text);
  // What is to be written into a file may read like anything else.
  if (file && changesFile(file)) return file;
  return readTalk(text) ?? file ?? readTopic(text) ?? { kind: 'unknown' };
}

function changesFile({ kind }: FileIntent): boolean {
  return kind === 'write' || kind === 'append' || kind === 'replace';
}

function readCommand(text: string): Intent | undefined {
  const command = firstGroup(RUN.exec(text));
  if (command) return { kind: 'run', command: command.replace(/^`+([\s\S]*?)`+[.。]?$/, '$1').trim() };
  const taskId = firstGroup(FINISH.exec(text));
  if (taskId) return { kind: 'finish_task', taskId };
  const items = (PLAN.exec(text)?.groups?.items ?? '').split(ITEM_BREAK).map(cleanItem).filter(Boolean);
  return items.length > 0 ? { kind: 'plan', items: items.slice(0, MAX_PLAN_ITEMS) } : undefined;
}

function readTalk(text: string): Intent | undefined {
  if (ASK_NAME.test(text)) return { kind: 'ask_name' };
  if (RECALL.test(text)) return { kind: 'recall' };
  const name = nameIn(text);
  return name === undefined ? undefined : { kind: 'introduce', name };
}

function readTopic(text: string): Intent | undefined {
  if (STORY.test(text)) return { kind: 'story' };
  if (SHOWCASE.test(text)) return { kind: 'showcase' };
  if (WHO.test(text)) return { kind: 'who' };
  return WELCOME.test(text) ? { kind: 'welcome' } : undefined;
}

/** @returns the name that the user gives as theirs in these words. */
export function nameIn(words: string): string | undefined {
  if (words.length > MAX_READ_LENGTH || ASK_NAME.test(words)) return undefined;
  return firstGroup(INTRODUCE.exec(words));
}

function firstGroup(match: RegExpExecArray | null): string | undefined {
  // Of the alternatives' groups only one took part in the match.
  const groups: Partial<Record<string, string>> = match?.groups ?? {};
  return Object.values(groups).find((group) => group !== undefined);
}

/** "- a" and "1. a" are items of a list written as lines. */
function cleanItem(item: string): string {
  return item
    .replace(/^(?:[-*•]|\d+[.)、])\s*/u, '')
    .replace(/[.。]$/u, '')
    .trim();
}
