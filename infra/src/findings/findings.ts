import { CfnResource, Stack } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import type { OmniCloudStack } from '../stack/omnicloud-stack.ts';
import type { ServiceRole } from '../stack/service-role.ts';

/** Rules that we break on purpose, where, and why. */
export interface Finding {
  /**
   * Of cdk-nag (`AwsSolutions-…`, `Serverless-…`: https://github.com/cdklabs/cdk-nag/blob/main/RULES.md), checkov (`CKV_…`), cfn_nag
   * (`W12`), cfn-lint (`W3005`) and the rules registry of cfn-guard (`IN_CAPITALS`): what several say of the same thing has one reason.
   */
  readonly rules: readonly string[];
  readonly at: readonly IConstruct[];
  readonly reason: string;
}

const OWN_KEY =
  'It is encrypted, with a key of AWS’s: a customer’s own costs $1 a month for the same protection against everybody but AWS.';

export function findingsOf(stack: OmniCloudStack): Finding[] {
  return [
    ...ofPermissions(stack),
    ...ofStorage(stack),
    ...ofSecrets(stack),
    ...ofQueues(stack),
    ...ofAgentApi(stack),
    ...ofWebhook(stack),
    ...ofFunctions(stack),
    ...ofOperations(stack),
  ];
}

function allOf(scope: IConstruct, type: string): CfnResource[] {
  return scope.node
    .findAll()
    .filter((each) => each instanceof CfnResource)
    .filter(({ cfnResourceType }) => cfnResourceType === type);
}

function ofPermissions(stack: OmniCloudStack): Finding[] {
  const { webhook, worker, agent, authorizer, storage } = stack;
  const services = [webhook.service, worker.service, authorizer.service];
  const all = [agent.permissions, ...services.map(({ permissions }) => permissions)].map(policyOf);
  const bucket = stack.resolve(storage.bucket.bucketArn) as { 'Fn::GetAtt': [string, string] };
  return [
    {
      rules: ['AwsSolutions-IAM5[Resource::*]', 'W12', 'IAM_POLICYDOCUMENT_NO_WILDCARD_RESOURCE'],
      at: all,
      reason: 'Of X-Ray alone: its two write actions know no resources.',
    },
    {
      rules: [`AwsSolutions-IAM5[Resource::<${bucket['Fn::GetAtt'].join('.')}>/sessions/*]`],
      at: [policyOf(agent.permissions)],
      reason:
        'Every session is an own folder whose name is not known before it exists; the role reaches no other folder.',
    },
    {
      rules: [`AwsSolutions-IAM5[Resource::<${bucket['Fn::GetAtt'].join('.')}>/inbox/*]`],
      at: [policyOf(agent.permissions), policyOf(worker.service.permissions)],
      reason:
        'What users send lies under the id of its chat; the worker can only put it there, the agent only fetch it.',
    },
    {
      rules: [`AwsSolutions-IAM5[Resource::<${bucket['Fn::GetAtt'].join('.')}>/turns/*]`],
      at: [policyOf(worker.service.permissions)],
      reason:
        'Records of turns that are too large for the table lie under the id of their update; the worker reaches no session.',
    },
    {
      rules: ['W76'],
      at: [policyOf(agent.permissions), policyOf(worker.service.permissions)],
      reason:
        'It counts conditions as complexity; here they are what keeps a role to its own kinds of items in the one table.',
    },
  ];
}

function policyOf({ role }: ServiceRole): IConstruct {
  return role.node.findChild('DefaultPolicy');
}

function ofStorage({ storage: { bucket, table } }: OmniCloudStack): Finding[] {
  return [
    {
      rules: ['AwsSolutions-S1', 'CKV_AWS_18', 'W35', 'S3_BUCKET_LOGGING_ENABLED'],
      at: [bucket],
      reason:
        'One role reads and writes it, and its function logs what it does; access logs would be a second store of who talks when.',
    },
    {
      rules: ['CKV_AWS_21', 'S3_BUCKET_VERSIONING_ENABLED'],
      at: [bucket],
      reason: 'The switch `versioning` turns it on; without it, what somebody had deleted is deleted.',
    },
    {
      rules: ['S3_BUCKET_DEFAULT_LOCK_ENABLED', 'S3_BUCKET_REPLICATION_ENABLED'],
      at: [bucket],
      reason: 'A conversation is overwritten with every turn, has to be deletable, and stays in one region.',
    },
    {
      rules: ['S3_BUCKET_NO_PUBLIC_RW_ACL'],
      at: [bucket],
      reason: 'The rule demands a harmless ACL. Here is none, and public ones are blocked.',
    },
    {
      rules: ['S3_BUCKET_SSL_REQUESTS_ONLY'],
      at: allOf(bucket, 'AWS::S3::BucketPolicy'),
      reason:
        'The statement is there; the rule looks for the boolean false where policies have the text "false".',
    },
    {
      rules: ['CKV_AWS_119', 'W74', 'DYNAMODB_TABLE_ENCRYPTED_KMS', 'DYNAMODB_TABLE_MUST_BE_ENCRYPTED'],
      at: [table],
      reason: OWN_KEY,
    },
  ];
}

function ofSecrets({ secrets }: OmniCloudStack): Finding[] {
  const { botToken, bedrockKeys, webhookSecret, serviceToken } = secrets;
  const rotation = ['AwsSolutions-SMG4', 'SECRETSMANAGER_ROTATION_ENABLED_CHECK'];
  return [
    {
      rules: rotation,
      at: [botToken, bedrockKeys],
      reason: 'Others issue it (@BotFather; the account that has Bedrock), and only they can replace it.',
    },
    {
      rules: rotation,
      at: [webhookSecret, serviceToken],
      reason:
        'Replaced by hand as docs/runbook.md says: Telegram has to be told the one at the same moment, and both tiers take up the other within minutes.',
    },
    {
      rules: ['CKV_AWS_149', 'W77', 'SECRETSMANAGER_USING_CMK'],
      at: [botToken, bedrockKeys, webhookSecret, serviceToken],
      reason: OWN_KEY,
    },
  ];
}

function ofQueues({ queues: { turns, asides, deadLetters } }: OmniCloudStack): Finding[] {
  return [
    {
      rules: ['Serverless-SQSRedrivePolicy'],
      at: [deadLetters],
      reason: 'It is the end of the line: what is here waits for somebody to look.',
    },
    {
      rules: ['CKV_AWS_27', 'W48', 'SQS_QUEUE_KMS_MASTER_KEY_ID_RULE'],
      at: [turns, asides, deadLetters],
      reason: OWN_KEY,
    },
  ];
}

function ofAgentApi({ agentApi: { api, methods } }: OmniCloudStack): Finding[] {
  const stage = [api.deploymentStage];
  return [
    {
      rules: [
        ...['AwsSolutions-APIG1', 'AwsSolutions-APIG6', 'Serverless-APIGWAccessLogging'],
        ...['CKV_AWS_76', 'W69', 'API_GW_STAGE_ACCESS_LOGGING_RULE', 'API_GW_EXECUTION_LOGGING_ENABLED'],
      ],
      at: stage,
      reason:
        'Logs of a REST API need a role in the settings of the whole account, which deployments would take from one another. The agent server logs each request under its correlation id, and the gateway measures what does not reach it.',
    },
    {
      rules: ['AwsSolutions-APIG3'],
      at: stage,
      reason:
        'Its one caller shows a token of 64 random characters; what shows none is refused before anything runs.',
    },
    {
      rules: ['CKV_AWS_120', 'API_GW_CACHE_ENABLED_AND_ENCRYPTED'],
      at: stage,
      reason: 'No two answers are the same, and a stream cannot be cached.',
    },
    {
      rules: ['W64'],
      at: stage,
      reason: 'A usage plan tells API keys apart. There is one caller, and the stage has its own throttle.',
    },
    {
      rules: ['W68'],
      at: allOf(api, 'AWS::ApiGateway::Deployment'),
      reason: 'A usage plan tells API keys apart. There is one caller, and the stage has its own throttle.',
    },
    {
      rules: ['AwsSolutions-COG4'],
      at: methods,
      reason:
        'Its caller is a function and no person: an authorizer checks the bearer token, and the agent server does so again.',
    },
    {
      rules: ['W59'],
      at: allOf(api, 'AWS::ApiGateway::Method').filter(
        (each) => !methods.some((own) => own.node.defaultChild === each),
      ),
      reason: 'A preflight: browsers send it without credentials, and the gateway answers it by itself.',
    },
  ];
}

function ofWebhook({ webhook: { api } }: OmniCloudStack): Finding[] {
  return [
    {
      rules: ['AwsSolutions-APIG4'],
      at: [api],
      reason:
        'Telegram can sign nothing and shows a secret header, which the function compares in constant time. An authorizer would be one more function before it.',
    },
  ];
}

function ofFunctions({ webhook, worker, agent, authorizer }: OmniCloudStack): Finding[] {
  const services = [webhook.service, worker.service, authorizer.service];
  const functions = [agent.function, ...services.map((service) => service.function)];
  return [
    {
      rules: ['Serverless-LambdaDLQ', 'CKV_AWS_116', 'LAMBDA_DLQ_CHECK'],
      at: functions,
      reason:
        'It is for asynchronous invocations. These are invoked by a gateway, which gets the error, and by SQS, which has its own.',
    },
    {
      rules: ['Serverless-LambdaEventSourceMappingDestination'],
      at: [worker.service.function],
      reason: 'It is for streams. This source is a queue with a dead-letter queue.',
    },
    {
      rules: ['CKV_AWS_115', 'W92', 'LAMBDA_CONCURRENCY_CHECK'],
      at: functions,
      reason:
        'Lambda keeps 100 unreserved, and a new account has 10 in all. The event source and both gateways bound what runs at once.',
    },
    {
      rules: ['CKV_AWS_117', 'W89', 'LAMBDA_INSIDE_VPC'],
      at: functions,
      reason:
        'It reaches nothing that is in a VPC, and needs the Internet; a NAT gateway costs more than all the rest.',
    },
    {
      rules: ['CKV_AWS_173'],
      at: functions,
      reason: 'No secret is in its environment, only the names of secrets.',
    },
    {
      rules: ['W58'],
      at: functions,
      reason:
        'It may write its own log group, which exists already; the rule looks for the right to create groups.',
    },
    {
      rules: ['W3005'],
      at: functions,
      reason:
        'The CDK lets a function wait for its role and for the role’s policy; that the first follows is true.',
    },
  ];
}

function ofOperations({ operations }: OmniCloudStack): Finding[] {
  return [
    {
      rules: ['Serverless-SNSRedrivePolicy'],
      at: allOf(operations, 'AWS::SNS::Subscription'),
      reason:
        'An e-mail that could not be delivered is of no use in a queue: the dashboard shows the same alarms.',
    },
    {
      rules: ['CKV_AWS_26', 'W47', 'SNS_ENCRYPTED_KMS'],
      at: [operations.topic],
      reason:
        'CloudWatch may not use the key that SNS has of its own, and an alarm’s text is a name and a heading of the runbook.',
    },
    {
      rules: ['CKV_AWS_158', 'W84', 'CLOUDWATCH_LOG_GROUP_ENCRYPTED'],
      at: allOf(Stack.of(operations), 'AWS::Logs::LogGroup'),
      reason: OWN_KEY,
    },
  ];
}
