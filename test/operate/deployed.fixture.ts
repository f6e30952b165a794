import { randomBytes } from 'node:crypto';
import type { BotApiCall } from '@omnicloud/demo/internal/telegram/calls/bot-api-call.ts';
import {
  openForTest,
  PERSON_ID,
  serveForTest,
  TOKEN,
} from '@omnicloud/demo/internal/telegram/stand-in.fixture.ts';
import { inject } from 'vitest';
import { startLambda, startModel } from './edges.fixture.ts';
import { newOperator, type Operator } from './run-operate.fixture.ts';

export { PERSON_ID, TOKEN };
/** Of a second bot. */
export const OTHER_TOKEN = '7000000002:another-token';
export const KEYS = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLEEXAMPLE00', AWS_SECRET_ACCESS_KEY: 'bedrock/secret' };

export interface Scene {
  readonly operator: Operator;
  readonly stack: string;
  /** What the bot's own calls were, oldest first. */
  readonly calls: BotApiCall[];
  /** What the SDK of the test itself needs to reach the same account. */
  readonly client: { endpoint: string; region: string; credentials: typeof CREDENTIALS };
  /** `npm run deploy -- --stack … --yes`, and more. */
  deploy(...args: string[]): ReturnType<Operator['run']>;
  /** The same, for tests that begin after it. @throws Error with what it said when it failed */
  deployed(...args: string[]): Promise<void>;
}

const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

/**
 * A Telegram with two bots in it, and somebody with all settings in their environment.
 * @param region where no other test deploys, for whoever looks at what sets the account up there.
 */
export async function openScene(region = 'us-east-1'): Promise<Scene> {
  const calls: BotApiCall[] = [];
  const standIn = openForTest({ onCall: (call) => calls.push(call) });
  const another = openForTest({ token: OTHER_TOKEN });
  const apiRoot = await serveForTest({
    fetch: (request) => (request.url.includes(OTHER_TOKEN) ? another : standIn).app.fetch(request),
  });
  const [model, lambda] = await Promise.all([startModel(200), startLambda(1_000)]);
  const client = { endpoint: inject('moto'), region, credentials: CREDENTIALS };
  const operator = await newOperator({
    AWS_ENDPOINT_URL: client.endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    // moto knows neither the limits of an account nor a model.
    AWS_ENDPOINT_URL_LAMBDA: lambda.url,
    ANTHROPIC_BEDROCK_BASE_URL: model.url,
    ANTHROPIC_DEFAULT_SONNET_MODEL: 'a-sonnet',
    TELEGRAM_API_ROOT: apiRoot,
    TELEGRAM_BOT_TOKEN: TOKEN,
    ALLOWED_USERS: `${PERSON_ID},5`,
    BEDROCK_ACCESS_KEY_ID: KEYS.AWS_ACCESS_KEY_ID,
    BEDROCK_SECRET_ACCESS_KEY: KEYS.AWS_SECRET_ACCESS_KEY,
  });
  const stack = `Test${randomBytes(4).toString('hex')}`;
  const deploy: Scene['deploy'] = (...args) => operator.run('deploy', '--stack', stack, '--yes', ...args);
  const deployed = async (...args: string[]): Promise<void> => {
    const { code, stderr } = await deploy(...args);
    if (code !== 0) throw new Error(`The deployment failed: ${stderr}`);
    calls.length = 0;
  };
  return { operator, stack, calls, client, deploy, deployed };
}
