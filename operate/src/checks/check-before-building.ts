// account, region, model → what would keep a deployment from working, before anything is built
import type { Switches } from '@omnicloud/infra';
import type { ModelConfig } from '@omnicloud/agent-container';
import type { Asker } from '../ask/ask.ts';
import type { AwsAccount } from '../aws/aws-account.ts';
import { checkAccount } from './check-account.ts';
import { checkModel } from './check-model.ts';
import { proxySettings } from '../config.ts';
import { type Finding } from './finding.ts';
import { idleCost } from './idle-cost.ts';
import type { ModelKeys } from '../ask/model-keys.ts';
import { OperateError } from '../operate-error.ts';
import type { Progress } from '../progress.ts';

export interface Planned {
  readonly switches: Switches;
  /** What will be in the secret. */
  readonly modelKeys: ModelKeys | undefined;
}

/**
 * Tells what was found, and what the deployment costs while nobody writes; then asks whether to go on.
 * @param asker undefined when there is nobody to be asked: then it goes on.
 * @throws OperateError `prerequisite_missing` with everything that is wrong, `not_confirmed`
 */
export async function checkBeforeBuilding(
  account: AwsAccount,
  { switches, modelKeys }: Planned,
  { asker, progress }: { readonly asker: Asker | undefined; readonly progress: Progress },
): Promise<void> {
  const findings = [
    ...(await checkAccount(account, switches)),
    ...(modelKeys === undefined ? [] : await checkModel(modelConfig(switches, modelKeys))),
  ];
  tell(findings, progress);
  progress.done(idleCost(switches));
  if (asker && !(await asker.confirm('Build and deploy it?'))) {
    throw new OperateError('not_confirmed', 'Nothing was deployed', {
      cure: 'Run this again when you are ready.',
    });
  }
}

function tell(findings: readonly Finding[], progress: Progress): void {
  for (const { state, what, cure } of findings) {
    if (state === 'ok') progress.done(what);
    if (state === 'note') progress.warn(cure === undefined ? what : `${what}. ${cure}`);
  }
  const [first, ...more] = findings.filter(({ state }) => state === 'wrong');
  if (!first) return;
  const list = more.map(({ what, cure = '' }) => `\n  - ${what}\n    → ${cure}`).join('');
  throw new OperateError('prerequisite_missing', `${first.what}${list}`, { cure: first.cure });
}

/** @returns how the deployed agent will reach its model. */
export function modelConfig(switches: Switches, keys: ModelKeys): ModelConfig {
  const { modelBaseUrl, opusModel, sonnetModel, haikuModel, model } = switches;
  const baseUrl = modelBaseUrl === undefined ? {} : { baseUrl: modelBaseUrl };
  return {
    access:
      'ANTHROPIC_API_KEY' in keys
        ? { kind: 'anthropic', credentials: { apiKey: keys.ANTHROPIC_API_KEY }, ...baseUrl }
        : {
            kind: 'bedrock',
            region: switches.bedrockRegion,
            credentials: bedrockCredentials(keys),
            ...baseUrl,
          },
    models: {
      ...(opusModel === undefined ? {} : { opus: opusModel }),
      ...(sonnetModel === undefined ? {} : { sonnet: sonnetModel }),
      ...(haikuModel === undefined ? {} : { haiku: haikuModel }),
    },
    ...(model === undefined ? {} : { model }),
    proxies: proxySettings(),
  };
}

function bedrockCredentials(
  keys: Exclude<ModelKeys, { ANTHROPIC_API_KEY: string }>,
): Extract<ModelConfig['access'], { kind: 'bedrock' }>['credentials'] {
  if ('AWS_BEARER_TOKEN_BEDROCK' in keys) return { apiKey: keys.AWS_BEARER_TOKEN_BEDROCK };
  const { AWS_SESSION_TOKEN: sessionToken } = keys;
  return {
    accessKeyId: keys.AWS_ACCESS_KEY_ID,
    secretAccessKey: keys.AWS_SECRET_ACCESS_KEY,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
}
