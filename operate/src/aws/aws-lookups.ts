// two questions to AWS for which a whole client would be one more dependency: signed requests, small answers
import { SignatureV4 } from '@smithy/signature-v4';
import { z } from 'zod';
import { NodeSha256 } from '@omnicloud/agent-container';
import type { AwsAccount } from './aws-account.ts';
import { endpointOf } from '../config.ts';
import { reasonOf } from '../operate-error.ts';

type Place = Pick<AwsAccount, 'region' | 'stacks'>;

const LIMIT_MS = 15_000;
const SHOWN_CHARACTERS = 300;
const MOST_CHARACTERS = 1_000_000;

/** AWS did not answer a question. */
export class LookupError extends Error {
  override readonly name = 'LookupError';
  readonly code: 'forbidden' | 'failed';
  readonly retryable = false;

  constructor(code: LookupError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const limitsSchema = z.object({
  AccountLimit: z.object({ ConcurrentExecutions: z.number(), UnreservedConcurrentExecutions: z.number() }),
});

/** How many functions may run at once in the region, and how many of them no function has reserved. */
export interface Concurrency {
  readonly all: number;
  readonly unreserved: number;
}

/**
 * https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html
 * @throws LookupError
 */
export async function lambdaConcurrency(place: Place): Promise<Concurrency> {
  const text = await ask(place, { service: 'lambda', path: '/2016-08-19/account-settings', query: {} });
  const parsed = limitsSchema.safeParse(parseJson(text));
  if (!parsed.success) throw new LookupError('failed', 'Lambda says nothing of its limits');
  const { ConcurrentExecutions: all, UnreservedConcurrentExecutions: unreserved } = parsed.data.AccountLimit;
  return { all, unreserved };
}

/** Who has subscribed to a topic. */
export interface Subscribers {
  readonly confirmed: number;
  readonly pending: number;
}

/**
 * https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html
 * @throws LookupError
 */
export async function subscribersOf(place: Place, topicArn: string): Promise<Subscribers> {
  const query = { Action: 'GetTopicAttributes', TopicArn: topicArn, Version: '2010-03-31' };
  const text = await ask(place, { service: 'sns', path: '/', query });
  const numberOf = (name: string): number => {
    const [, value] = new RegExp(`<key>${name}</key>\\s*<value>(\\d+)</value>`).exec(text) ?? [];
    if (value === undefined) throw new LookupError('failed', `SNS says nothing of ${name}`);
    return Number(value);
  };
  return { confirmed: numberOf('SubscriptionsConfirmed'), pending: numberOf('SubscriptionsPending') };
}

async function ask(
  { region, stacks }: Place,
  {
    service,
    path,
    query,
  }: { readonly service: 'lambda' | 'sns'; readonly path: string; readonly query: Record<string, string> },
): Promise<string> {
  const url = new URL(endpointOf(service, region));
  const signer = new SignatureV4({
    service,
    region,
    credentials: stacks.config.credentials,
    sha256: NodeSha256,
  });
  try {
    const signed = await signer.sign({
      method: 'GET',
      protocol: url.protocol,
      hostname: url.hostname,
      ...(url.port === '' ? {} : { port: Number(url.port) }),
      path,
      query,
      headers: { host: url.host },
    });
    const target = new URL(`${path}?${new URLSearchParams(query).toString()}`, url);
    const response = await fetch(target, { headers: signed.headers, signal: AbortSignal.timeout(LIMIT_MS) });
    const text = (await response.text()).slice(0, MOST_CHARACTERS);
    if (response.ok) return text;
    const said = text.slice(0, SHOWN_CHARACTERS).replaceAll(/\s+/g, ' ');
    throw new LookupError(response.status === 403 ? 'forbidden' : 'failed', `${response.status} ${said}`);
  } catch (error) {
    if (error instanceof LookupError) throw error;
    throw new LookupError('failed', reasonOf(error), { cause: error });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
