// credentials and region, as the AWS SDK finds them → who we are → the clients
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { GetCallerIdentityCommand, STSClient, STSServiceException } from '@aws-sdk/client-sts';
import { hasOtherEndpoint } from '../config.ts';
import { OperateError, reasonOf } from '../operate-error.ts';

export interface AwsAccount {
  readonly id: string;
  readonly region: string;
  /** Whoever runs this, as an ARN. */
  readonly caller: string;
  readonly stacks: CloudFormationClient;
  readonly metrics: CloudWatchClient;
  readonly logs: CloudWatchLogsClient;
  readonly objects: S3Client;
  readonly secrets: SecretsManagerClient;
  readonly queues: SQSClient;
  readonly tables: DynamoDBClient;
  close(): void;
}

const NO_CREDENTIALS =
  'Run `aws configure` or `aws sso login`, name a profile with --profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.';
const NO_ANSWER =
  'Check that AWS_REGION is the name of a region, such as us-east-1, and the way to AWS (a proxy, a firewall).';
const NO_REGION = 'Set AWS_REGION to the region that the bot shall live in, for example us-east-1.';

/** What the AWS SDK says when it finds no credentials, or cannot get any by those it finds. */
const NONE_FOUND = 'CredentialsProviderError';

/** @throws OperateError `prerequisite_missing` when there is no region, AWS does not answer there, or does not know the credentials. */
export async function openAccount(): Promise<AwsAccount> {
  const sts = new STSClient();
  try {
    const region = await regionOf(sts);
    const identity = await sts.send(new GetCallerIdentityCommand()).catch((error: unknown) => {
      const isRefused =
        error instanceof STSServiceException || (error instanceof Error && error.name === NONE_FOUND);
      const [what, cure] = isRefused
        ? ['AWS does not know who you are', NO_CREDENTIALS]
        : [`AWS does not answer in the region ${region}`, NO_ANSWER];
      throw new OperateError('prerequisite_missing', `${what} (${reasonOf(error)})`, { cure, cause: error });
    });
    return { id: identity.Account ?? '', region, caller: identity.Arn ?? '', ...openClients(region) };
  } finally {
    sts.destroy();
  }
}

async function regionOf(sts: STSClient): Promise<string> {
  try {
    return await sts.config.region();
  } catch (error) {
    throw new OperateError('prerequisite_missing', 'No AWS region is set', { cure: NO_REGION, cause: error });
  }
}

function openClients(region: string): Omit<AwsAccount, 'id' | 'region' | 'caller'> {
  const clients = {
    stacks: new CloudFormationClient({ region }),
    metrics: new CloudWatchClient({ region }),
    logs: new CloudWatchLogsClient({ region }),
    objects: new S3Client({ region, forcePathStyle: hasOtherEndpoint() }),
    secrets: new SecretsManagerClient({ region }),
    queues: new SQSClient({ region }),
    tables: new DynamoDBClient({ region }),
  };
  const close = (): void => {
    for (const client of Object.values(clients)) client.destroy();
  };
  return { ...clients, close };
}
