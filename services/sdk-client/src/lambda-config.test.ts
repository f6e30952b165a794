import { ConfigError } from '@omnicloud/settings';
import { expect, it } from 'vitest';
import { parseWebhookEnvironment, parseWorkerEnvironment } from './lambda-config.ts';

const QUEUE = 'https://sqs.us-east-1.amazonaws.com/123456789012/turns.fifo';
const SECRET = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:any-AbCdEf';
const WEBHOOK = {
  SESSION_TABLE: 'sessions',
  QUEUE_URL: QUEUE,
  ALLOWED_USERS: '7, 8',
  WEBHOOK_SECRET_ARN: SECRET,
};
const WORKER = {
  SESSION_TABLE: 'sessions',
  QUEUE_URL: QUEUE,
  ALLOWED_USERS: '7, 8',
  DEAD_LETTER_QUEUE_URL: `${QUEUE}-dead.fifo`,
  SESSION_BUCKET: 'bucket',
  AGENT_SERVER_URL: 'https://api.execute-api.us-east-1.amazonaws.com/v1/',
  TELEGRAM_BOT_TOKEN_SECRET_ARN: SECRET,
  SERVICE_TOKEN_SECRET_ARN: SECRET,
};

function problemsOf(parse: () => unknown): readonly string[] {
  try {
    parse();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

it('reads what the webhook needs', () => {
  expect(parseWebhookEnvironment({ ...WEBHOOK, TELEGRAM_BOT_USERNAME: 'our_bot' })).toEqual({
    table: 'sessions',
    queueUrl: QUEUE,
    service: 'omnicloud',
    allowedUsers: new Set(['7', '8']),
    webhookSecret: SECRET,
    botUsername: 'our_bot',
  });
});

it('reads what the worker needs', () => {
  const optional = { MAX_CONTINUATIONS: '2', POWERTOOLS_SERVICE_NAME: 'second' };
  expect(parseWorkerEnvironment({ ...WORKER, ...optional })).toEqual({
    table: 'sessions',
    queueUrl: QUEUE,
    service: 'second',
    deadLetterQueueUrl: WORKER.DEAD_LETTER_QUEUE_URL,
    ownerId: '7',
    bucket: 'bucket',
    hasOtherEndpoint: false,
    agentServerUrl: 'https://api.execute-api.us-east-1.amazonaws.com/v1',
    botTokenSecret: SECRET,
    serviceTokenSecret: SECRET,
    maxContinuations: 2,
    apiRoot: 'https://api.telegram.org',
  });
});

it.each([
  ['webhook', parseWebhookEnvironment, WEBHOOK],
  ['worker', parseWorkerEnvironment, WORKER],
] as const)('names every setting that the %s misses', (_name, parse, complete) => {
  const problems = problemsOf(() => parse({}));
  expect(problems.map((problem) => problem.split(' ')[0])).toEqual(Object.keys(complete));
});

it('names what is set wrongly, and repeats no value', () => {
  const wrong = { ...WORKER, QUEUE_URL: 'turns', MAX_CONTINUATIONS: 'many', TELEGRAM_API_ROOT: 'telegram' };
  const problems = problemsOf(() => parseWorkerEnvironment(wrong));
  expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
    'QUEUE_URL',
    'MAX_CONTINUATIONS',
    'TELEGRAM_API_ROOT',
  ]);
  expect(problems.join()).not.toContain('turns');
});
