import type { WireErrorCode } from '@omnicloud/protocol';
import { type Language, stamp } from './texts.ts';

type Reasons = Record<WireErrorCode | 'telegram_unavailable', string>;

const english: Reasons = {
  bad_request: 'the request was malformed',
  unauthenticated: 'this bot and its agent server do not share the same token',
  not_found: 'the agent server does not know the request',
  session_unknown: 'the conversation could not be found',
  session_busy: 'the conversation is busy with another message',
  lease_lost: 'another server took the conversation over',
  too_large: 'the message is too large',
  key_reused: 'another question was asked under its key',
  over_budget: 'the spending limit is reached',
  model_refused: 'the model refused the request',
  model_declined:
    'the model declined to answer this message. Put it in other words; if it declines whatever you write, send /new for a new conversation',
  model_no_access: 'the bot may not use its model. Whoever runs the bot has to enable the model',
  model_keys:
    'the keys of the bot for its model are refused, because they are wrong or have expired. Whoever runs the bot has to renew them',
  model_quota: 'the quota of the bot at its model provider is used up. Please send the message again later',
  model_throttled: 'the model takes no more requests of this bot right now',
  model_unavailable: 'the model cannot be reached right now',
  context_full:
    'the conversation has become too long for the model. Send /new for a new one; /export gives you this one first',
  output_limit:
    'the model used up all it may write at once without an answer. Ask for less, or for one part after another',
  conversation_too_large:
    'the conversation takes more room than one may, so nothing of this message was kept; what was said before is still there. Send /new for a new conversation if this happens again',
  disk_exceeded:
    'its files took too much of the disk, so it was ended and nothing of this message was kept. Ask for smaller or fewer files, or for those that are not needed to be deleted first',
  disk_full: 'the disk of the agent server is full right now',
  agent_unavailable: 'the agent server cannot be reached right now',
  agent_crashed: 'the agent process ended unexpectedly',
  agent_overran:
    'the agent was stopped because it used more memory or processes, or wrote more, than one message may',
  store_unavailable: 'the conversation could not be loaded or saved',
  telegram_unavailable: 'Telegram could not be reached',
  internal: 'something went wrong in the agent server',
};

const chinese: Reasons = {
  bad_request: '请求格式不对',
  unauthenticated: '机器人与智能体服务器的令牌不一致',
  not_found: '智能体服务器不认识这个请求',
  session_unknown: '找不到这个对话',
  session_busy: '这个对话正在处理另一条消息',
  lease_lost: '另一台服务器接管了这个对话',
  too_large: '消息太大',
  key_reused: '同一个键已经用于另一个问题',
  over_budget: '已达到花费上限',
  model_refused: '模型拒绝了这个请求',
  model_declined: '模型不愿回答这条消息。请换个说法；如果不管写什么它都拒绝，请发送 /new 开始新对话',
  model_no_access: '机器人无权使用它的模型，需要管理机器人的人启用该模型',
  model_keys: '机器人使用模型的密钥被拒绝，密钥有误或已过期，需要管理机器人的人更换',
  model_quota: '机器人在模型服务商处的配额已用完，请稍后再发一次',
  model_throttled: '模型现在不再接受这个机器人的请求',
  model_unavailable: '现在无法连接到模型',
  context_full: '对话太长，模型已经装不下。请发送 /new 开始新对话；可以先用 /export 保存当前对话',
  output_limit: '模型用完了一次能写的篇幅，却没有给出回答。请少问一些，或一部分一部分地问',
  conversation_too_large:
    '对话占用的空间超过了上限，因此这条消息的内容没有保留，之前的对话仍在。如果再次发生，请发送 /new 开始新对话',
  disk_exceeded:
    '它的文件占用了太多磁盘空间，因此已被终止，这条消息的内容没有保留。请要求更小或更少的文件，或先让它删除不需要的文件',
  disk_full: '智能体服务器的磁盘现在已满',
  agent_unavailable: '现在无法连接到智能体服务器',
  agent_crashed: '智能体进程意外结束',
  agent_overran: '智能体使用的内存或进程，或产生的内容，超过了一条消息的上限，已被停止',
  store_unavailable: '对话无法读取或保存',
  telegram_unavailable: '无法连接到 Telegram',
  internal: '智能体服务器内部出错',
};

const UNTIL: Record<Language, (time: string) => string> = {
  en: (time) => ` (until about ${time})`,
  zh: (time) => `（约到 ${time}）`,
};

/** @returns why there is no answer, and until when, as far as the provider says so. */
export function failureReason(code: keyof Reasons, language: Language, until: string | undefined): string {
  const reason = FAILURE_REASONS[language][code];
  return code === 'model_quota' && until !== undefined
    ? reason + UNTIL[language](stamp(new Date(until)))
    : reason;
}

/** Why there is no answer, in the user's language. The server's own message says more, but in English, and is for the log. */
export const FAILURE_REASONS: Record<Language, Reasons> = { en: english, zh: chinese };
