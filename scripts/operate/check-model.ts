// settings → the proxy that signs for the CLI too → one call for one token
import type { AgentConfig } from '@omnicloud/agent-container';
import { openSecretsManager } from '@omnicloud/secrets';
import { startModelProxy } from '../../services/agent-container/src/model-proxy/start-model-proxy.ts';
import { fine, type Finding, wrong } from './finding.ts';

/** The cheapest that every account with Claude has, unless the settings name a model. */
const MODELS = {
  bedrock: 'global.anthropic.claude-haiku-4-5-20251001-v1:0',
  anthropic: 'claude-haiku-4-5',
} as const;
const MESSAGES = [{ role: 'user', content: 'Hi' }];
const LIMIT_MS = 60_000;
const SHOWN_CHARACTERS = 300;

/** Costs one token of output. */
export async function checkModel(config: AgentConfig): Promise<Finding[]> {
  const { kind } = config.access;
  const named = config.models.haiku ?? config.models.sonnet ?? config.models.opus ?? config.model;
  const model = named ?? MODELS[kind];
  const proxy = await startModelProxy(config, { secrets: openSecretsManager(), models: [model] });
  const grant = proxy.open({ sessionId: 'doctor' });
  try {
    const [path, body] =
      kind === 'bedrock'
        ? [`model/${encodeURIComponent(model)}/invoke`, { anthropic_version: 'bedrock-2023-05-31' }]
        : ['v1/messages', { model }];
    const url = `${proxy.url}/${grant.token}/${path}`;
    const { status, text } = await post(url, JSON.stringify({ ...body, max_tokens: 1, messages: MESSAGES }));
    if (status === 200) return [fine(`The model answers: ${model}`)];
    const said = text.slice(0, SHOWN_CHARACTERS).replaceAll(/\s+/g, ' ');
    return [wrong(`The model ${model} does not answer: ${status} ${said}`, mendOf(status))];
  } finally {
    grant.close();
    await proxy.close();
  }
}

function mendOf(status: number): string {
  if (status === 401 || status === 403)
    return 'Check the keys, and that their account has access to the model.';
  if (status === 400 || status === 404)
    return 'Check the region, and the model ids of ANTHROPIC_DEFAULT_*_MODEL.';
  if (status === 429) return 'The account is at its quota; wait, or ask for a higher one.';
  return 'Check the way to the model (a proxy, a firewall) and try again.';
}

async function post(url: string, body: string): Promise<{ status: number; text: string }> {
  const headers = { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' };
  const signal = AbortSignal.timeout(LIMIT_MS);
  const response = await fetch(url, { method: 'POST', headers, body, signal });
  return { status: response.status, text: await response.text() };
}
