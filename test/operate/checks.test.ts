import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseSwitches } from '@omnicloud/infra/internal/switches.ts';
import { lambdaConcurrency, subscribersOf } from '@omnicloud/operate/internal/aws/aws-lookups.ts';
import {
  checkAccount,
  checkRegion,
  judgeConcurrency,
} from '@omnicloud/operate/internal/checks/check-account.ts';
import { modelConfig } from '@omnicloud/operate/internal/checks/check-before-building.ts';
import { checkModel } from '@omnicloud/operate/internal/checks/check-model.ts';
import { judgeSubscribers } from '@omnicloud/operate/internal/checks/check-subscribers.ts';
import { idleCost } from '@omnicloud/operate/internal/checks/idle-cost.ts';
import { modelsInUse } from '@omnicloud/operate/internal/checks/models-in-use.ts';
import { startEdge, startLambda, startModel } from './edges.fixture.ts';

const REGION = 'eu-central-1';
const place = {
  region: REGION,
  stacks: new CloudFormationClient({
    region: REGION,
    credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' },
  }),
};
const switchesOf = (given: Record<string, string> = {}) => parseSwitches({ allowedUsers: '1', ...given });

afterEach(() => vi.unstubAllEnvs());

describe('the quota of the account', () => {
  it.each([
    [1_000, 1_000, 10, 'ok', ''],
    [20, 20, 10, 'ok', ''],
    [10, 10, 10, 'wrong', '--concurrency 4'],
    [10, 10, 4, 'ok', ''],
    [1_000, 15, 10, 'wrong', 'ask for at least 1005'],
    [4, 4, 2, 'ok', ''],
    [3, 3, 2, 'wrong', 'Ask for at least 4'],
  ] as const)('of %d, %d unreserved, with %d turns: %s', (all, unreserved, turns, state, cure) => {
    const finding = judgeConcurrency({ all, unreserved }, turns);
    expect([finding.state, finding.cure ?? '']).toEqual([state, expect.stringContaining(cure)]);
  });

  it('is asked of Lambda by a signed request', async () => {
    const lambda = await startLambda(10);
    vi.stubEnv('AWS_ENDPOINT_URL_LAMBDA', lambda.url);
    expect(await lambdaConcurrency(place)).toEqual({ all: 10, unreserved: 10 });
    expect(lambda.asked).toMatchObject([{ path: '/2016-08-19/account-settings?' }]);
    expect(lambda.asked[0]?.headers.authorization).toMatch(
      new RegExp(`Credential=AKIATEST/\\d{8}/${REGION}/lambda/aws4_request`),
    );
    expect(await checkAccount(place, switchesOf())).toMatchObject([{ state: 'ok' }, { state: 'wrong' }]);
  });

  it.each([
    [403, '{"message":"no"}', 'lambda:GetAccountSettings is not allowed'],
    [500, 'down', '500 down'],
    [200, '{}', 'says nothing of its limits'],
  ])('that cannot be looked at (%d) is said and stops nothing', async (status, answer, what) => {
    vi.stubEnv('AWS_ENDPOINT_URL_LAMBDA', (await startEdge(status, answer)).url);
    const findings = await checkAccount(place, switchesOf());
    expect(findings[1]).toMatchObject({ state: 'note', what: expect.stringContaining(what) as string });
  });
});

it.each([
  ['us-east-1', 'tenant', 'ok'],
  ['eu-central-1', 'tenant', 'ok'],
  ['ap-southeast-6', 'tenant', 'wrong'],
  ['cn-north-1', 'tenant', 'wrong'],
  ['us-gov-west-1', 'tenant', 'wrong'],
  ['ap-southeast-6', 'shared', 'ok'],
] as const)('a deployment in %s with isolation %s: %s', (region, isolation, state) => {
  const finding = checkRegion(region, isolation);
  expect(finding.state).toBe(state);
  if (state === 'wrong') expect(finding.cure).toContain('--isolation shared');
});

it('what a deployment costs while nobody writes is a sum with its parts, and more when it is kept warm', () => {
  const sumOf = (line: string): number => Number(/\$([\d.]+) a month/.exec(line)?.[1]);
  const idle = idleCost(switchesOf());
  expect(idle).toMatch(/CloudWatch and X-Ray \$[\d.]+, .*Secrets Manager \$1\.60/);
  expect(sumOf(idle)).toBeGreaterThan(5);
  const warm = idleCost(switchesOf({ isolation: 'shared', provisionedConcurrency: '1' }));
  expect(sumOf(warm) - sumOf(idle)).toBeGreaterThan(15);
});

describe('who hears of alarms', () => {
  it.each([
    [{ confirmed: 0, pending: 0 }, 'note', 'Nobody is told'],
    [{ confirmed: 0, pending: 1 }, 'wrong', 'have not confirmed'],
    [{ confirmed: 2, pending: 0 }, 'ok', '2 are told'],
  ])('%j: %s', (subscribers, state, what) => {
    expect(judgeSubscribers(subscribers)).toMatchObject({
      state,
      what: expect.stringContaining(what) as string,
    });
  });

  it('is asked of SNS by a signed request', async () => {
    const entry = (key: string, value: number): string =>
      `<entry>\n<key>${key}</key>\n<value>${value}</value>\n</entry>`;
    const sns = await startEdge(
      200,
      `<GetTopicAttributesResponse>${entry('SubscriptionsConfirmed', 1)}${entry('SubscriptionsPending', 2)}</GetTopicAttributesResponse>`,
    );
    vi.stubEnv('AWS_ENDPOINT_URL_SNS', sns.url);
    const topic = `arn:aws:sns:${REGION}:123456789012:Alarms`;
    expect(await subscribersOf(place, topic)).toEqual({ confirmed: 1, pending: 2 });
    expect(sns.asked[0]?.path).toContain(`TopicArn=${encodeURIComponent(topic)}`);
    expect(sns.asked[0]?.headers.authorization).toContain(`/${REGION}/sns/aws4_request`);
  });
});

describe('the models that the bot will call', () => {
  const keys = { AWS_ACCESS_KEY_ID: 'AKIABEDROCK', AWS_SECRET_ACCESS_KEY: 'secret' };

  it('are those that the settings name, the one that answers first, without asking anybody', async () => {
    const named = { sonnetModel: 'my-sonnet', haikuModel: 'my-haiku[1m]' };
    expect(await modelsInUse(modelConfig(switchesOf(named), keys))).toEqual({
      ids: ['my-sonnet', 'my-haiku'],
      unknown: undefined,
    });
    const chosen = modelConfig(switchesOf({ ...named, model: 'an-id' }), keys);
    expect((await modelsInUse(chosen)).ids).toEqual(['an-id', 'my-sonnet', 'my-haiku']);
  });

  it.each([
    ['eu-central-1', keys, /^eu\.anthropic\.claude-.*sonnet/],
    ['us-east-1', { ANTHROPIC_API_KEY: 'k' }, /^claude-.*sonnet/],
  ])('are the CLI’s own where the settings name none (%s, %j)', async (bedrockRegion, given, id) => {
    const { ids } = await modelsInUse(modelConfig(switchesOf({ bedrockRegion }), given));
    expect(ids).toEqual([expect.stringMatching(id)]);
  });

  it('are asked with the keys of the deployment, for one token each; a refusal stops, an outage does not', async () => {
    const asking = async (status: number) => {
      const model = await startModel(status);
      const switches = switchesOf({
        modelBaseUrl: model.url,
        sonnetModel: 'my-sonnet',
        opusModel: 'my-opus',
      });
      return { model, findings: await checkModel(modelConfig(switches, keys)) };
    };
    const { model, findings } = await asking(200);
    expect(findings.map(({ state, what }) => [state, what])).toEqual([
      ['ok', 'The model answers: my-sonnet'],
      ['ok', 'The model answers: my-opus'],
    ]);
    expect(model.asked.map(({ body }) => JSON.parse(body) as object)).toMatchObject([
      { max_tokens: 1 },
      { max_tokens: 1 },
    ]);
    expect(model.asked[0]?.headers.authorization).toContain('Credential=AKIABEDROCK/');
    expect((await asking(403)).findings.map(({ state }) => state)).toEqual(['wrong', 'wrong']);
    expect((await asking(404)).findings[0]?.cure).toContain('BEDROCK_REGION');
    expect((await asking(503)).findings.map(({ state }) => state)).toEqual(['note', 'note']);
  });
});
