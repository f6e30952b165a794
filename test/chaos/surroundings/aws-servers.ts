// servers of others, if the environment names them, else those of `npm run test:aws` → a proxy before each → what the processes are told
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { parseLocalConfig } from '@omnicloud/local/internal/config.ts';
import type { AwsStoreConfig } from '@omnicloud/local/internal/config.ts';
import type { RunningServer } from '../../aws/server-process.ts';
import { startDynamoDb } from '../../aws/start-dynamodb.ts';
import { startMoto } from '../../aws/start-moto.ts';
import type { FailedCall } from '../harm/faulty-port.ts';
import type { Random } from './random.ts';
import { type AwsService, type StoreProxy, startStoreProxy } from '../harm/store-proxy.ts';

/** Where the stores are, and what of it the AWS SDK finds in its environment. */
export interface AwsStores {
  readonly config: AwsStoreConfig;
  readonly environment: NodeJS.ProcessEnv;
  /** The calls to the stores that failed on the way. */
  failedCalls(): readonly FailedCall[];
  close(): Promise<void>;
}

const SERVICES: readonly AwsService[] = ['s3', 'dynamodb', 'sqs'];
/** The tries that a turn may have of its own accord are far fewer. */
const MAX_RECEIVES = 100;

/**
 * Opens the stores that `SESSION_BUCKET`, `SESSION_TABLE` and `QUEUE_URL` name, on the servers that the AWS SDK would find; without these names,
 * new ones on servers that are started for it. Each gets a proxy where it has an address of its own.
 * @throws ConfigError when only some of the names are set; ServerMissingError when a server cannot be had here.
 */
export async function openAwsServers(random: Random, environment: NodeJS.ProcessEnv): Promise<AwsStores> {
  const isGiven = ['SESSION_BUCKET', 'SESSION_TABLE', 'QUEUE_URL'].some((name) => environment[name]);
  const own = isGiven ? undefined : await startOwn();
  const servers = own?.servers ?? [];
  const proxies: StoreProxy[] = [];
  const close = async (): Promise<void> => {
    for (const proxy of proxies) await proxy.close();
    for (const server of servers) await server.stop();
  };
  try {
    const given = { ...environment, ...own?.environment };
    const through: NodeJS.ProcessEnv = { ...given };
    for (const service of SERVICES) {
      const url = addressOf(service, given);
      if (url === undefined) continue;
      const isMotoQueue = own !== undefined && service === 'sqs';
      const proxy = await startStoreProxy(random.fork(service), {
        service,
        url: new URL(url).origin,
        isMotoQueue,
      });
      proxies.push(proxy);
      through[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] = proxy.url;
      // The AWS SDK sends a queue's calls to where the queue's own URL points.
      if (service === 'sqs') through.QUEUE_URL = proxy.url + new URL(given.QUEUE_URL ?? '').pathname;
    }
    const { aws } = parseLocalConfig({ ...onlyStores(through), STORE: 'aws' });
    if (!aws) throw new Error('There is no configuration of the AWS stores');
    const failedCalls = (): FailedCall[] => proxies.flatMap((proxy) => proxy.failedCalls);
    return { config: aws, environment: through, failedCalls, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @returns undefined where the AWS SDK would go to AWS itself: there, calls go the straight way. */
function addressOf(service: AwsService, environment: NodeJS.ProcessEnv): string | undefined {
  const address = environment[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] ?? environment.AWS_ENDPOINT_URL;
  return service === 'sqs' && address !== undefined ? environment.QUEUE_URL : address;
}

function onlyStores(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const isOfStores = (name: string): boolean =>
    /^(SESSION_BUCKET|SESSION_TABLE|QUEUE_URL|DEAD_LETTER_QUEUE_URL|AWS_ENDPOINT_URL.*)$/.test(name);
  return Object.fromEntries(Object.entries(environment).filter(([name]) => isOfStores(name)));
}

async function startOwn(): Promise<{ servers: RunningServer[]; environment: NodeJS.ProcessEnv }> {
  // Python serves one call at a time: what waits for messages must not hold up what is stored.
  const started = await Promise.allSettled([startMoto(), startMoto(), startDynamoDb()]);
  const servers = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  try {
    const failed = started.find((one) => one.status === 'rejected');
    if (failed) throw failed.reason;
    const [s3 = '', sqs = '', dynamodb = ''] = servers.map(({ endpoint }) => endpoint);
    return { servers, environment: await createStores({ s3, sqs, dynamodb }) };
  } catch (error) {
    for (const server of servers) await server.stop();
    throw error;
  }
}

async function createStores(at: Record<AwsService, string>): Promise<NodeJS.ProcessEnv> {
  const access = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
  const name = 'chaos';
  const s3 = new S3Client({ ...access, endpoint: at.s3, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: name }));
  const dynamo = new DynamoDBClient({ ...access, endpoint: at.dynamodb });
  await dynamo.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'session_key', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'session_key', KeyType: 'HASH' }],
    }),
  );
  const sqs = new SQSClient({ ...access, endpoint: at.sqs });
  const queue = async (queueName: string, attributes: Record<string, string>): Promise<string> => {
    const Attributes = { FifoQueue: 'true', ...attributes };
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: queueName, Attributes }));
    if (QueueUrl === undefined) throw new Error(`${queueName} has no URL`);
    return QueueUrl;
  };
  const deadUrl = await queue(`${name}-dead.fifo`, {});
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: deadUrl, AttributeNames: ['QueueArn'] }),
  );
  const policy = { deadLetterTargetArn: Attributes?.QueueArn, maxReceiveCount: MAX_RECEIVES };
  const queueUrl = await queue(`${name}.fifo`, { RedrivePolicy: JSON.stringify(policy) });
  for (const client of [s3, dynamo, sqs]) client.destroy();
  return {
    SESSION_BUCKET: name,
    SESSION_TABLE: name,
    QUEUE_URL: queueUrl,
    DEAD_LETTER_QUEUE_URL: deadUrl,
    AWS_ENDPOINT_URL_S3: at.s3,
    AWS_ENDPOINT_URL_DYNAMODB: at.dynamodb,
    AWS_ENDPOINT_URL_SQS: at.sqs,
    AWS_REGION: access.region,
    AWS_ACCESS_KEY_ID: access.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: access.credentials.secretAccessKey,
    AWS_SESSION_TOKEN: undefined,
  };
}
