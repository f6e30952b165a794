import type { WireError, WireErrorCode } from '@omnicloud/protocol';
import { longOutageAdvice } from './long-outage-advice.ts';
import type { Language } from './texts.ts';

/** What only whoever runs the bot can put right. */
type OwnersCode = 'model_no_access' | 'model_keys' | 'model_quota';

type Advice = Record<OwnersCode, (model: string) => string>;

/** The id of an AWS model without a region in front of it; many of these are only given out through an inference profile. */
const BARE_MODEL_ID = 'anthropic.';

const english: Advice = {
  model_no_access: (model) =>
    `**For the owner** (\`model_no_access\`): the account may not use the model ${model}, or there is none under this id in its region. ` +
    'Enable it (AWS: Bedrock → Model access), let the keys call it (`bedrock:InvokeModel` and `bedrock:InvokeModelWithResponseStream`), ' +
    'or name another one in `ANTHROPIC_MODEL`. ' +
    (bare(model).startsWith(BARE_MODEL_ID)
      ? `This is a bare model id: most models are only given out through an inference profile, whose id begins with a region, such as \`us.${bare(model)}\`. `
      : '') +
    '`npm run doctor` tries the model.',
  model_keys: () =>
    '**For the owner** (`model_keys`): the model provider refuses the keys, because they are wrong or have expired. ' +
    'Renew them (in `.env`, then restart; on AWS by `npm run deploy`). `npm run doctor` tries them.',
  model_quota: () =>
    '**For the owner** (`model_quota`): the quota or the credit of the account at the model provider is used up. ' +
    'Ask for more (AWS: Service Quotas → Amazon Bedrock), or name another model in `ANTHROPIC_MODEL`.',
};

const chinese: Advice = {
  model_no_access: (model) =>
    `**致主人**（\`model_no_access\`）：账号无权使用模型 ${model}，或该区域没有这个模型。` +
    '请启用它（AWS：Bedrock → Model access），并允许密钥调用它（`bedrock:InvokeModel` 和 `bedrock:InvokeModelWithResponseStream`），' +
    '或在 `ANTHROPIC_MODEL` 里换一个模型。' +
    (bare(model).startsWith(BARE_MODEL_ID)
      ? `这是不带区域的模型 id：多数模型只能通过推理配置文件使用，其 id 以区域开头，例如 \`us.${bare(model)}\`。`
      : '') +
    '`npm run doctor` 会试用这个模型。',
  model_keys: () =>
    '**致主人**（`model_keys`）：模型服务商拒绝了密钥，密钥有误或已过期。请更换（在 `.env` 里改好后重启；在 AWS 上运行 `npm run deploy`）。`npm run doctor` 会检查密钥。',
  model_quota: () =>
    '**致主人**（`model_quota`）：账号在模型服务商处的配额或余额已用完。请申请更多（AWS：Service Quotas → Amazon Bedrock），或在 `ANTHROPIC_MODEL` 里换一个模型。',
};

const ADVICE: Record<Language, Advice> = { en: english, zh: chinese };
const UNKNOWN: Record<Language, string> = { en: 'in use', zh: '（当前使用的）' };

function bare(model: string): string {
  return model.replaceAll('`', '');
}

/** Why there is no answer, or not yet. */
export interface Failure {
  readonly code: WireErrorCode | 'telegram_unavailable';
  readonly details: WireError['details'];
  /** It is an outage that has lasted for a while. */
  readonly isLong?: boolean;
}

/** @returns cause and cure as Markdown; undefined for what the owner cannot put right. */
export function ownerAdvice({ code, details, isLong }: Failure, language: Language): string | undefined {
  if (!isOwners(code)) return isLong ? longOutageAdvice(code, language) : undefined;
  const { model } = details ?? {};
  return ADVICE[language][code](model === undefined ? UNKNOWN[language] : `\`${bare(model)}\``);
}

function isOwners(code: string): code is OwnersCode {
  return Object.hasOwn(english, code);
}
