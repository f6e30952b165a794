import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Match } from 'aws-cdk-lib/assertions';
import { errorBodySchema } from '@omnicloud/protocol';
import { describe, expect, it } from 'vitest';
import { checkPolicies } from '../findings/check-policies.ts';
import { STANDING } from '../cost/usage.ts';
import { GATEWAY_ANSWERS, answerTemplate } from './gateway-answers.ts';
import { create, functionOf, resourcesOf, synthesize } from './stack.fixture.ts';

const { stack, template } = synthesize({ alarmEmail: 'owner@example.org' });
const EVERY_FUNCTION = [/^Webhook/, /^Worker/, /^Authorizer/, /^AgentFunction/];

it.each<Record<string, string>>([
  {},
  { alarmEmail: 'owner@example.org', corsOrigins: 'https://example.org', versioning: 'true' },
  { isolation: 'shared', shell: 'off', provisionedConcurrency: '1' },
])('breaks no rule of cdk-nag that is not acknowledged with its reason: %j', (switches) => {
  const { app } = create(switches);
  checkPolicies(app);
  expect(() => app.synth()).not.toThrow();
});

it('tells other scanners the reason for each of their rules that it breaks, where they look for it', () => {
  const [bucket] = Object.values(resourcesOf(template, 'AWS::S3::Bucket'));
  const said = expect.stringMatching(/access logs would be/) as unknown;
  expect(bucket?.Metadata).toMatchObject({
    checkov: { skip: expect.arrayContaining([{ id: 'CKV_AWS_18', comment: said }]) as unknown },
    cfn_nag: { rules_to_suppress: expect.arrayContaining([{ id: 'W35', reason: said }]) as unknown },
    guard: { SuppressedRules: expect.arrayContaining(['S3_BUCKET_LOGGING_ENABLED']) as unknown },
  });
  const [worker] = Object.entries(resourcesOf(template, 'AWS::Lambda::Function')).filter(([id]) =>
    id.startsWith('Worker'),
  );
  expect(worker?.[1].Metadata).toMatchObject({ 'cfn-lint': { config: { ignore_checks: ['W3005'] } } });
});

it('gives nothing a name that another deployment could want', () => {
  const NAME = /^(Bucket|Table|Queue|Function|Role|Topic|LogGroup|Alarm|Dashboard|Secret|Key|Layer)?Name$/;
  const resources = template.toJSON().Resources as Record<string, { Properties?: Record<string, unknown> }>;
  const names = Object.entries(resources).flatMap(([id, { Properties = {} }]) =>
    Object.entries(Properties).flatMap(([key, value]) =>
      NAME.test(key) && typeof value === 'string' ? [`${id} ${value}`] : [],
    ),
  );
  // The APIs have the stack's, because their metrics are found by it; an authorizer has its name within its API.
  expect(names.filter((line) => !line.includes(stack.stackName))).toEqual([]);
});

describe('every function', () => {
  it('runs on arm64 with traces, JSON logs and a log group that forgets', () => {
    for (const pattern of EVERY_FUNCTION) {
      expect(functionOf(template, pattern).Properties).toMatchObject({
        Architectures: ['arm64'],
        TracingConfig: { Mode: 'Active' },
        LoggingConfig: { LogFormat: 'JSON', LogGroup: expect.anything() as unknown },
      });
    }
    for (const { Properties } of Object.values(resourcesOf(template, 'AWS::Logs::LogGroup'))) {
      expect(Properties.RetentionInDays).toBe(30);
    }
  });

  it('runs on Node 24, unless it is an image', () => {
    for (const pattern of [/^Webhook/, /^Worker/, /^Authorizer/]) {
      expect(functionOf(template, pattern).Properties.Runtime).toBe('nodejs24.x');
    }
    expect(functionOf(template, /^AgentFunction/).Properties.PackageType).toBe('Image');
  });

  it('sets no variable that Lambda reserves', () => {
    for (const pattern of EVERY_FUNCTION) {
      const { Variables } = functionOf(template, pattern).Properties.Environment as { Variables: object };
      expect(Object.keys(Variables).filter((name) => /^(AWS_|_HANDLER|LAMBDA_)/.test(name))).toEqual([]);
    }
  });
});

describe('the agent function', () => {
  const { Properties } = functionOf(template, /^AgentFunction/);

  it('has 15 minutes, at least 2 GB of memory and at least 1 GB of ephemeral storage', () => {
    expect(Properties).toMatchObject({ Timeout: 900, MemorySize: 2048, EphemeralStorage: { Size: 2048 } });
  });

  it('shares no environment between conversations', () => {
    expect(Properties.TenancyConfig).toEqual({ TenantIsolationMode: 'PER_TENANT' });
  });
});

describe('the agent API', () => {
  it('is regional: an edge-optimised one would cut a stream after 30 s of silence', () => {
    template.hasResourceProperties('AWS::ApiGateway::RestApi', {
      EndpointConfiguration: { Types: ['REGIONAL'] },
    });
  });

  it('streams for up to 15 minutes behind its authorizer, on every route', () => {
    const methods = Object.values(resourcesOf(template, 'AWS::ApiGateway::Method'));
    expect(methods).toHaveLength(6);
    for (const { Properties } of methods) {
      expect(Properties).toMatchObject({
        AuthorizationType: 'CUSTOM',
        Integration: { Type: 'AWS_PROXY', ResponseTransferMode: 'STREAM', TimeoutInMillis: 900_000 },
      });
      expect(JSON.stringify(Properties.Integration)).toContain('response-streaming-invocations');
    }
  });

  it('has the two routes of the plan', () => {
    const paths = Object.values(resourcesOf(template, 'AWS::ApiGateway::Resource')).map(
      ({ Properties }) => Properties.PathPart,
    );
    expect(paths).toEqual(expect.arrayContaining(['session', 'create', '{session_id}', 'message']));
  });

  it('tells Lambda the conversation, and takes no request that does not name it', () => {
    for (const { Properties } of Object.values(resourcesOf(template, 'AWS::ApiGateway::Method'))) {
      expect(Properties).toMatchObject({
        RequestParameters: { 'method.request.header.x-session-key': true },
        Integration: {
          RequestParameters: {
            'integration.request.header.X-Amz-Tenant-Id': 'method.request.header.x-session-key',
          },
        },
      });
    }
  });

  it('touches no setting of the whole account', () => {
    template.resourceCountIs('AWS::ApiGateway::Account', 0);
  });

  it('says its own refusals in the words of the protocol', () => {
    for (const answer of GATEWAY_ANSWERS) {
      const { error } = errorBodySchema.parse(JSON.parse(answerTemplate(answer)));
      expect(error.code).toBe(answer.code);
    }
    template.resourceCountIs('AWS::ApiGateway::GatewayResponse', GATEWAY_ANSWERS.length);
  });
});

describe('the webhook', () => {
  it('is POST /webhook of an HTTP API, and answers before Telegram gives up', () => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Api', { ProtocolType: 'HTTP' });
    template.hasResourceProperties('AWS::ApiGatewayV2::Route', { RouteKey: 'POST /webhook' });
    template.resourceCountIs('AWS::ApiGatewayV2::Route', 1);
    expect(functionOf(template, /^Webhook/).Properties.Timeout).toBeLessThan(30);
  });

  it('keeps headers out of its access log: one of them is the secret', () => {
    const [stage] = Object.values(resourcesOf(template, 'AWS::ApiGatewayV2::Stage'));
    expect(JSON.stringify(stage?.Properties.AccessLogSettings)).not.toMatch(/header|authorizer/i);
  });
});

describe('the queue', () => {
  it('keeps order per conversation, encrypts, and lets our own counting of tries come first', () => {
    template.hasResourceProperties('AWS::SQS::Queue', {
      FifoQueue: true,
      SqsManagedSseEnabled: true,
      VisibilityTimeout: 960,
      RedrivePolicy: { maxReceiveCount: 1_000 },
    });
  });

  it('keeps dead letters for 14 days, and never moves them on', () => {
    template.hasResourceProperties('AWS::SQS::Queue', {
      FifoQueue: true,
      MessageRetentionPeriod: 1_209_600,
      RedrivePolicy: Match.absent(),
    });
  });

  it('gives a worker one turn at a time, and takes back what it reports', () => {
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      BatchSize: 1,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 10 },
    });
  });

  it('hides a turn for at least as long as its worker may run, as Lambda demands', () => {
    expect(Number(functionOf(template, /^Worker/).Properties.Timeout)).toBeLessThanOrEqual(960);
  });
});

describe('what is stored', () => {
  it('is encrypted, private, reached by TLS alone, colder after 30 days and gone after 90', () => {
    template.hasResourceProperties('AWS::S3::Bucket', {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      LifecycleConfiguration: {
        Rules: [
          Match.objectLike({
            Status: 'Enabled',
            ExpirationInDays: 90,
            Transitions: [{ StorageClass: 'STANDARD_IA', TransitionInDays: 30 }],
          }),
          Match.objectLike({ Status: 'Enabled', ExpirationInDays: 2, Prefix: 'inbox/' }),
          Match.objectLike({ Status: 'Enabled', ExpirationInDays: 15, Prefix: 'turns/' }),
        ],
      },
      VersioningConfiguration: Match.absent(),
    });
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    });
  });

  it('lies in a table that is paid by request, forgets by itself and can be had back as of any second', () => {
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      KeySchema: [{ AttributeName: 'session_key', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
      TimeToLiveSpecification: { AttributeName: 'expires_at', Enabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    });
  });
});

it('generates the secrets that are ours, and leaves those of others empty', () => {
  const secrets = Object.entries(resourcesOf(template, 'AWS::SecretsManager::Secret'));
  const generated = secrets.filter(([, { Properties }]) => Properties.GenerateSecretString !== undefined);
  expect(secrets).toHaveLength(4);
  expect(generated.map(([id]) => id.replace(/^Secrets|[0-9A-F]{8}$/g, ''))).toEqual([
    'WebhookSecret',
    'ServiceToken',
  ]);
  expect(JSON.stringify(secrets)).not.toContain('SecretString":"');
});

describe('alarms', () => {
  const alarms = Object.values(resourcesOf(template, 'AWS::CloudWatch::Alarm'));
  const runbook = readFileSync(fileURLToPath(new URL('../../../docs/runbook.md', import.meta.url)), 'utf8');
  const headings = [...runbook.matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading);

  it('are as many as the cost report reckons with', () => {
    // An expression over metrics costs as much as these.
    const metrics = alarms.map(
      ({ Properties: { Metrics: parts } }) =>
        (parts as object[] | undefined)?.filter((part) => 'MetricStat' in part).length ?? 1,
    );
    expect(metrics.reduce((sum, each) => sum + each)).toBe(STANDING.alarmMetrics);
    template.resourceCountIs('AWS::CloudWatch::Dashboard', STANDING.dashboards);
    template.resourceCountIs('AWS::SecretsManager::Secret', STANDING.secrets);
  });

  it('each name a heading of the runbook that exists, and its anchor', () => {
    expect(alarms.length).toBeGreaterThan(15);
    for (const { Properties } of alarms) {
      const [, heading, anchor] =
        /^(.+)\. What to do: docs\/runbook\.md#(.+)$/.exec(String(Properties.AlarmDescription)) ?? [];
      expect(headings).toContain(heading);
      expect(anchor).toBe(heading?.toLowerCase().replaceAll(' ', '-'));
    }
  });

  it('reach the address that was given, when they begin and when they end', () => {
    template.hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'email',
      Endpoint: 'owner@example.org',
    });
    for (const { Properties } of alarms)
      expect(Properties).toMatchObject({ AlarmActions: [expect.anything()], OKActions: [expect.anything()] });
  });

  it('have a topic to subscribe to also when no address was given', () => {
    const silent = synthesize().template;
    silent.resourceCountIs('AWS::SNS::Subscription', 0);
    for (const { Properties } of Object.values(resourcesOf(silent, 'AWS::CloudWatch::Alarm')))
      expect(Properties).toMatchObject({ AlarmActions: [expect.anything()] });
  });

  it('look at the measurements of this deployment alone', () => {
    const own = alarms.filter(({ Properties }) => Properties.Namespace === 'OmniCloud');
    expect(own.length).toBeGreaterThan(5);
    for (const { Properties } of own) {
      expect(Properties.Dimensions).toEqual([{ Name: 'service', Value: stack.stackName }]);
    }
  });
});
