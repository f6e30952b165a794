import type { WireErrorCode } from '@omnicloud/protocol';
import type { Language } from './texts.ts';

type Reasons = Record<WireErrorCode, string>;

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
  model_unavailable: 'the model cannot be reached right now',
  conversation_too_large:
    'the conversation takes more room than one may, so nothing of this message was kept; what was said before is still there. Send /new for a new conversation if this happens again',
  disk_exceeded:
    'its files took too much of the disk, so it was ended and nothing of this message was kept. Ask for smaller or fewer files, or for those that are not needed to be deleted first',
  disk_full: 'the disk of the agent server is full right now',
  agent_crashed: 'the agent process ended unexpectedly',
  agent_overran:
    'the agent was stopped because it used more memory or processes, or wrote more, than one message may',
  store_unavailable: 'the conversation could not be loaded or saved',
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
  model_unavailable: '现在无法连接到模型',
  conversation_too_large:
    '对话占用的空间超过了上限，因此这条消息的内容没有保留，之前的对话仍在。如果再次发生，请发送 /new 开始新对话',
  disk_exceeded:
    '它的文件占用了太多磁盘空间，因此已被终止，这条消息的内容没有保留。请要求更小或更少的文件，或先让它删除不需要的文件',
  disk_full: '智能体服务器的磁盘现在已满',
  agent_crashed: '智能体进程意外结束',
  agent_overran: '智能体使用的内存或进程，或产生的内容，超过了一条消息的上限，已被停止',
  store_unavailable: '对话无法读取或保存',
  internal: '智能体服务器内部出错',
};

/** Why there is no answer, in the user's language. The server's own message says more, but in English, and is for the log. */
export const FAILURE_REASONS: Record<Language, Reasons> = { en: english, zh: chinese };
