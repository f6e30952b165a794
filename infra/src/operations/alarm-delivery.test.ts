import { describe, expect, it } from 'vitest';
import { isAllowed, type PolicyRequest, type PolicyStatement } from '../stack/policy-evaluator.fixture.ts';
import { resourcesOf, synthesize } from '../stack/stack.fixture.ts';

const ACCOUNT = '111122223333';
const REGION = 'eu-central-1';
const STACK = 'OmniCloud';

/** What CloudFormation makes of the intrinsic functions that alarms and policies hold. */
function deployed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(deployed);
  if (typeof value !== 'object' || value === null) return value;
  const { Ref: ref, 'Fn::Join': join } = value as Record<string, unknown>;
  if (Array.isArray(join)) {
    const [separator, parts] = join as [string, unknown[]];
    return parts.map((part) => String(deployed(part))).join(separator);
  }
  const pseudo: Record<string, string> = {
    'AWS::AccountId': ACCOUNT,
    'AWS::Region': REGION,
    'AWS::Partition': 'aws',
  };
  // What else an alarm or a topic's policy refers to is a topic, whose Ref is its ARN.
  if (typeof ref === 'string') return pseudo[ref] ?? `arn:aws:sns:${REGION}:${ACCOUNT}:${ref}`;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, deployed(each)]));
}

describe.each<[string, Record<string, string>]>([
  ['with an e-mail address', { alarmEmail: 'ops@example.org' }],
  ['without anybody to tell', {}],
])('alarms of a deployment %s', (_, switches) => {
  const { template } = synthesize({ deployment: STACK, ...switches });
  const policies = Object.values(resourcesOf(template, 'AWS::SNS::TopicPolicy')).map(
    ({ Properties }) =>
      deployed(Properties) as { Topics: string[]; PolicyDocument: { Statement: PolicyStatement[] } },
  );
  const statementsFor = (topic: string): PolicyStatement[] =>
    policies.flatMap(({ Topics, PolicyDocument }) =>
      Topics.includes(topic) ? PolicyDocument.Statement : [],
    );
  const alarms = Object.entries(resourcesOf(template, 'AWS::CloudWatch::Alarm')).map(
    ([id, { Properties }]) => ({
      id,
      actions: deployed([Properties.AlarmActions, Properties.OKActions]) as string[][],
    }),
  );
  /** What CloudWatch asks of SNS; an alarm without a name of its own gets the stack's, its id and something random. */
  const publish = (alarm: string, topic: string, changes: Record<string, string> = {}): PolicyRequest => ({
    service: 'cloudwatch.amazonaws.com',
    action: 'sns:Publish',
    resource: topic,
    context: {
      'aws:SecureTransport': 'true',
      'aws:SourceAccount': ACCOUNT,
      'aws:SourceArn': `arn:aws:cloudwatch:${REGION}:${ACCOUNT}:alarm:${STACK}-${alarm}-1A2B3C4D5E6F`,
      ...changes,
    },
  });

  it('can all be delivered, when they ring and when they are over', () => {
    expect(alarms.length).toBeGreaterThan(20);
    for (const { id, actions } of alarms) {
      expect(actions.map((topics) => topics.length)).toEqual([1, 1]);
      for (const topic of actions.flat()) {
        expect([id, isAllowed(statementsFor(topic), publish(id, topic))]).toEqual([id, true]);
      }
    }
  });

  it('are let in alone: nobody else may publish, nor anybody without TLS', () => {
    const [{ id, actions } = { id: '', actions: [] }] = alarms;
    const topic = actions.flat()[0] ?? '';
    const statements = statementsFor(topic);
    const refused = [
      publish(id, topic, { 'aws:SourceAccount': '999988887777' }),
      publish(id, topic, {
        'aws:SourceArn': `arn:aws:cloudwatch:${REGION}:${ACCOUNT}:alarm:Another-${id}-1A2B`,
      }),
      publish(id, topic, { 'aws:SecureTransport': 'false' }),
      { ...publish(id, topic), service: 'events.amazonaws.com' },
      { ...publish(id, topic), action: 'sns:Subscribe' },
    ];
    expect(refused.map((request) => isAllowed(statements, request))).toEqual(refused.map(() => false));
  });
});
