import type { Language } from './texts.ts';

/** An outage of which the owner should know once it lasts; most are over before anybody could do something. */
type LongOutageCode =
  'agent_unavailable' | 'disk_full' | 'model_unavailable' | 'model_throttled' | 'store_unavailable';

type Advice = Record<LongOutageCode, string>;

const english: Advice = {
  agent_unavailable:
    '**For the owner** (`agent_unavailable`): the agent server has given no answer for at least a quarter of an hour. ' +
    'See whether it runs, what its log says, and whether the bot asks at the right address. Messages are kept for about a day.',
  disk_full:
    '**For the owner** (`disk_full`): the disk of the agent server has been full for at least a quarter of an hour. ' +
    'Make room on it, or give it more; docs/runbook.md, “The disk is full”, says how. Messages are kept for about a day.',
  model_unavailable:
    '**For the owner** (`model_unavailable`): the model has not been reachable for at least a quarter of an hour. ' +
    'See the status page of its provider (AWS: health.aws.amazon.com), or name another model in `ANTHROPIC_MODEL`; `npm run doctor` tries the model. ' +
    'Messages are kept for about a day.',
  model_throttled:
    '**For the owner** (`model_throttled`): the model provider has turned requests away for at least a quarter of an hour. ' +
    'A peak is over sooner, so a quota is probably used up; Bedrock does not say so of its daily one. ' +
    'Ask for more (AWS: Service Quotas → Amazon Bedrock), or name another model in `ANTHROPIC_MODEL`. Messages are kept for about a day.',
  store_unavailable:
    '**For the owner** (`store_unavailable`): what the bot stores could not be read or written for at least a quarter of an hour. ' +
    'See the log for which store it is, then health.aws.amazon.com, or the disk that holds `DATA_DIR`. Messages are kept for about a day.',
};

const chinese: Advice = {
  agent_unavailable:
    '**致主人**（`agent_unavailable`）：智能体服务器至少已有一刻钟没有应答。请检查它是否在运行、日志里写了什么，以及机器人使用的地址是否正确。消息会保留约一天。',
  disk_full:
    '**致主人**（`disk_full`）：智能体服务器的磁盘至少已满一刻钟。请腾出空间或扩大磁盘，做法见 docs/runbook.md 的“The disk is full”。消息会保留约一天。',
  model_unavailable:
    '**致主人**（`model_unavailable`）：至少已有一刻钟无法连接到模型。请查看服务商的状态页（AWS：health.aws.amazon.com），或在 `ANTHROPIC_MODEL` 里换一个模型；`npm run doctor` 会试用这个模型。消息会保留约一天。',
  model_throttled:
    '**致主人**（`model_throttled`）：模型服务商至少已有一刻钟在拒绝请求。普通的高峰不会这么久，多半是配额已用完；Bedrock 的每日配额用完时不会另行说明。请申请更多（AWS：Service Quotas → Amazon Bedrock），或在 `ANTHROPIC_MODEL` 里换一个模型。消息会保留约一天。',
  store_unavailable:
    '**致主人**（`store_unavailable`）：机器人的存储至少已有一刻钟无法读写。请在日志里查看是哪一个存储，再查看 health.aws.amazon.com，或 `DATA_DIR` 所在的磁盘。消息会保留约一天。',
};

const ADVICE: Record<Language, Advice> = { en: english, zh: chinese };

/** @returns cause and cure as Markdown; undefined for what the owner cannot put right. */
export function longOutageAdvice(code: string, language: Language): string | undefined {
  return isLongOutage(code) ? ADVICE[language][code] : undefined;
}

function isLongOutage(code: string): code is LongOutageCode {
  return Object.hasOwn(english, code);
}
