import { Validations } from 'aws-cdk-lib';
import { CfnSubscription } from 'aws-cdk-lib/aws-sns';
import type { IConstruct } from 'constructs';
import type { OmniCloudStack } from './omnicloud-stack.ts';
import type { ServiceRole } from './service-role.ts';

/** A rule of cdk-nag that we break on purpose, where, and why. */
interface Exception {
  readonly rule: string;
  readonly at: readonly IConstruct[];
  readonly reason: string;
}

/** cdk-nag is clean but for these: https://github.com/cdklabs/cdk-nag/blob/main/RULES.md */
export function acknowledgeFindings(stack: OmniCloudStack): void {
  const exceptions = [
    ...ofPermissions(stack),
    ...ofData(stack),
    ...ofAgentApi(stack),
    ...ofWebhook(stack),
    ...ofFunctions(stack),
    ...ofAlarms(stack),
  ];
  for (const { rule, at, reason } of exceptions) {
    for (const construct of at) Validations.of(construct).acknowledge({ id: rule, reason });
  }
}

function ofPermissions(stack: OmniCloudStack): Exception[] {
  const { webhook, worker, agent, authorizer, storage } = stack;
  const services = [webhook.service, worker.service, authorizer.service];
  const all = [agent.permissions, ...services.map(({ permissions }) => permissions)];
  const bucket = stack.resolve(storage.bucket.bucketArn) as { 'Fn::GetAtt': [string, string] };
  return [
    {
      rule: 'AwsSolutions-IAM5[Resource::*]',
      at: all.map(policyOf),
      reason: 'Of X-Ray alone: its two write actions know no resources.',
    },
    {
      rule: `AwsSolutions-IAM5[Resource::<${bucket['Fn::GetAtt'].join('.')}>/sessions/*]`,
      at: [policyOf(agent.permissions)],
      reason:
        'Every session is an own folder whose name is not known before it exists; the role reaches no other folder.',
    },
    {
      rule: `AwsSolutions-IAM5[Resource::<${bucket['Fn::GetAtt'].join('.')}>/inbox/*]`,
      at: [policyOf(agent.permissions), policyOf(worker.service.permissions)],
      reason:
        'What users send lies under the id of its chat; the worker can only put it there, the agent only fetch it.',
    },
  ];
}

function policyOf({ role }: ServiceRole): IConstruct {
  return role.node.findChild('DefaultPolicy');
}

function ofData({ storage, secrets, queues }: OmniCloudStack): Exception[] {
  return [
    {
      rule: 'AwsSolutions-S1',
      at: [storage.bucket],
      reason:
        'One role reads and writes it, and its function logs what it does; access logs would be a second store of who talks when.',
    },
    {
      rule: 'AwsSolutions-SMG4',
      at: [secrets.botToken, secrets.bedrockKeys],
      reason: 'Others issue it (@BotFather; the account that has Bedrock), and only they can replace it.',
    },
    {
      rule: 'AwsSolutions-SMG4',
      at: [secrets.webhookSecret, secrets.serviceToken],
      reason:
        'Replaced by hand as docs/runbook.md says: Telegram has to be told the one at the same moment, and both tiers take up the other within minutes.',
    },
    {
      rule: 'Serverless-SQSRedrivePolicy',
      at: [queues.deadLetters],
      reason: 'It is the end of the line: what is here waits for somebody to look.',
    },
  ];
}

function ofAgentApi({ agentApi }: OmniCloudStack): Exception[] {
  const stage = [agentApi.api.deploymentStage];
  const accountWide =
    'Logs of a REST API need a role in the settings of the whole account, which deployments would take from one another. The agent server logs each request under its correlation id, and the gateway measures what does not reach it.';
  return [
    { rule: 'AwsSolutions-APIG1', at: stage, reason: accountWide },
    { rule: 'AwsSolutions-APIG6', at: stage, reason: accountWide },
    { rule: 'Serverless-APIGWAccessLogging', at: stage, reason: accountWide },
    {
      rule: 'AwsSolutions-APIG3',
      at: stage,
      reason:
        'Its one caller shows a token of 64 random characters; what shows none is refused before anything runs.',
    },
    {
      rule: 'AwsSolutions-COG4',
      at: agentApi.methods,
      reason:
        'Its caller is a function and no person: an authorizer checks the bearer token, and the agent server does so again.',
    },
  ];
}

function ofWebhook({ webhook }: OmniCloudStack): Exception[] {
  return [
    {
      rule: 'AwsSolutions-APIG4',
      at: [webhook.api],
      reason:
        'Telegram can sign nothing and shows a secret header, which the function compares in constant time. An authorizer would be one more function before it.',
    },
  ];
}

function ofFunctions({ webhook, worker, agent, authorizer }: OmniCloudStack): Exception[] {
  const functions = [
    webhook.service.function,
    worker.service.function,
    agent.function,
    authorizer.service.function,
  ];
  return [
    {
      rule: 'Serverless-LambdaDLQ',
      at: functions,
      reason:
        'It is for asynchronous invocations. These are invoked by a gateway, which gets the error, and by SQS, which has its own.',
    },
    {
      rule: 'Serverless-LambdaEventSourceMappingDestination',
      at: [worker.service.function],
      reason: 'It is for streams. This source is a queue with a dead-letter queue.',
    },
  ];
}

function ofAlarms({ operations }: OmniCloudStack): Exception[] {
  return [
    {
      rule: 'Serverless-SNSRedrivePolicy',
      at: operations.node.findAll().filter((construct) => construct instanceof CfnSubscription),
      reason:
        'An e-mail that could not be delivered is of no use in a queue: the dashboard shows the same alarms.',
    },
  ];
}
