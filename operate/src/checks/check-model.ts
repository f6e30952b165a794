// settings → the models that the bot will call → the proxy that signs for the CLI too → one call for one token each
import { openSecretsManager } from '@omnicloud/secrets';
import { type ModelConfig, startModelProxy } from '@omnicloud/agent-container';
import { fine, type Finding, note, wrong } from './finding.ts';
import { modelsInUse } from './models-in-use.ts';
import { reasonOf } from '../operate-error.ts';

const MESSAGES = [{ role: 'user', content: 'Hi' }];
const LIMIT_MS = 60_000;
const SHOWN_CHARACTERS = 300;

/** Costs one token of output for each model that the settings name, and for the one that answers. */
export async function checkModel(config: ModelConfig): Promise<Finding[]> {
  const { ids, unknown } = await modelsInUse(config);
  const findings: Finding[] = [];
  if (unknown !== undefined) {
    findings.push(
      note(`Which model the CLI takes for ${unknown} could not be found out, so it was not asked`),
    );
  }
  const proxy = await startModelProxy(config, { secrets: openSecretsManager(), models: ids });
  try {
    for (const id of ids) findings.push(await askModel(proxy, config.access.kind, id));
    return findings;
  } finally {
    await proxy.close();
  }
}

type Proxy = Awaited<ReturnType<typeof startModelProxy>>;
type Grant = ReturnType<Proxy['open']>;

async function askModel(proxy: Proxy, kind: ModelConfig['access']['kind'], model: string): Promise<Finding> {
  const grant = proxy.open({ sessionId: 'doctor' });
  try {
    const [path, body] =
      kind === 'bedrock'
        ? [`model/${encodeURIComponent(model)}/invoke`, { anthropic_version: 'bedrock-2023-05-31' }]
        : ['v1/messages', { model }];
    const url = `${proxy.url}/${grant.token}/${path}`;
    const { status, text } = await post(url, JSON.stringify({ ...body, max_tokens: 1, messages: MESSAGES }));
    if (status === 200) return fine(`The model answers: ${model}`);
    const said = saidBy(grant.failure) ?? `${status} ${text}`;
    const shown = said.slice(0, SHOWN_CHARACTERS).replaceAll(/\s+/g, ' ');
    const what = `The model ${model} does not answer: ${shown}`;
    const cure = cureOf(grant.failure?.code, status, model);
    return isPassing(status) ? note(what, cure) : wrong(what, cure);
  } catch (error) {
    return note(`The model ${model} could not be asked: ${reasonOf(error)}`, cureOf(undefined, 0, model));
  } finally {
    grant.close();
  }
}

/** What may be otherwise in a minute, or tomorrow, says nothing about the settings. */
function isPassing(status: number): boolean {
  return status === 402 || status === 429 || status >= 500;
}

/** @returns what the provider said, where the proxy says something else. */
function saidBy(failure: Grant['failure']): string | undefined {
  const { cause } = failure ?? {};
  if (!(cause instanceof Error)) return undefined;
  return cause.cause instanceof Error ? `${cause.cause.message} ${cause.message}` : cause.message;
}

function cureOf(
  code: NonNullable<Grant['failure']>['code'] | undefined,
  status: number,
  model: string,
): string {
  if (code === 'model_no_access')
    return `Let the account use ${model} (Bedrock → Model access) and the keys call it, or check BEDROCK_REGION and that ${model} exists there; ANTHROPIC_MODEL and ANTHROPIC_DEFAULT_*_MODEL choose other ids.`;
  if (code === 'model_quota') return 'The quota of the account is used up; wait, or ask for a higher one.';
  if (status === 401 || status === 403) return 'Check the keys: they are wrong or have expired.';
  if (status === 400 || status === 404)
    return `Check BEDROCK_REGION and that ${model} exists there; ANTHROPIC_MODEL and ANTHROPIC_DEFAULT_*_MODEL choose other ids.`;
  if (status === 429) return 'The account is at its quota; wait, or ask for a higher one.';
  return 'Check the way to the model (a proxy, a firewall) and try again.';
}

async function post(url: string, body: string): Promise<{ status: number; text: string }> {
  const headers = { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' };
  const signal = AbortSignal.timeout(LIMIT_MS);
  const response = await fetch(url, { method: 'POST', headers, body, signal });
  return { status: response.status, text: await response.text() };
}
