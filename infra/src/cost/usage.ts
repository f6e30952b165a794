// workload → units of each price, by component
import type { PriceName } from './prices.ts';
import type { Workload } from './workload.ts';

export interface Usage {
  readonly component: string;
  readonly price: PriceName;
  readonly units: number;
}

const SECONDS_PER_MONTH = 730 * 3_600;
const MB_PER_GB = 1_024;
const KB_PER_GB = 1_024 * 1_024;

const WEBHOOK = { memoryMb: 256, seconds: 0.1 };
/** The worker hears of the end, sends it to Telegram and writes it down. In s. */
const WORKER_BESIDES_S = 1;
const EPHEMERAL_OVER_FREE_GB = 1.5;

/** A send, a receive and a delete; then a heartbeat every 20 s. */
const SQS_PER_MESSAGE = 3;
const SQS_HEARTBEAT_S = 20;
/** Five pollers for each of the two queues that ask every 20 s, whether anybody writes or not. */
const SQS_IDLE = (2 * 5 * SECONDS_PER_MONTH) / 20;

/** Lease, mapping, ledger (two KB, six times) and what waits; then the lease once a second. */
const WRITES_PER_MESSAGE = 17;
const READS_PER_MESSAGE = 8;
const LEASE_RENEWALS_PER_S = 1;
const PUTS_PER_MESSAGE = 7;
const GETS_PER_MESSAGE = 5;
const LOG_KB_PER_MESSAGE = 6;
const SECRET_CALLS_PER_COLD_START = 2;
const STREAM_FREE_KB = 6 * 1_024;
const REST_REQUEST_KB = 10 * 1_024;
const TABLE_KB_PER_MESSAGE = 3;

/** What a deployment has, whoever writes: as `infra` makes it. */
export const STANDING = { secrets: 4, metrics: 13, alarmMetrics: 25, dashboards: 1, imageGb: 0.4 };

/** What Lambda, the gateways, the queue and the stores count in a month. */
export function usageOf(load: Workload): Usage[] {
  return [
    ...clientUsage(load),
    ...agentUsage(load),
    ...gatewayUsage(load),
    ...storeUsage(load),
    ...operationsUsage(load),
  ];
}

function clientUsage({ messages, seconds, clientMemoryMb }: Workload): Usage[] {
  const component = 'sdk-client Lambda';
  const workerGbS = (messages * (seconds + WORKER_BESIDES_S) * clientMemoryMb) / MB_PER_GB;
  const webhookGbS = (messages * WEBHOOK.seconds * WEBHOOK.memoryMb) / MB_PER_GB;
  return [
    { component, price: 'lambdaGbSecondArm', units: workerGbS + webhookGbS },
    { component, price: 'lambdaRequest', units: 2 * messages },
  ];
}

function agentUsage(load: Workload): Usage[] {
  const component = 'agent-container Lambda';
  const { messages, seconds, coldShare, coldSeconds, provisionedConcurrency: warm, answerKb } = load;
  const memoryGb = load.agentMemoryMb / MB_PER_GB;
  const coldStarts = warm > 0 ? 0 : messages * coldShare;
  const runGbS = messages * seconds * memoryGb;
  const streamedGb = load.streaming ? (messages * Math.max(0, answerKb - STREAM_FREE_KB)) / KB_PER_GB : 0;
  return [
    { component, price: warm > 0 ? 'lambdaProvisionedRunGbSecondArm' : 'lambdaGbSecondArm', units: runGbS },
    {
      component: 'agent-container cold starts',
      price: 'lambdaGbSecondArm',
      units: coldStarts * coldSeconds * memoryGb,
    },
    { component, price: 'lambdaRequest', units: messages },
    { component, price: 'lambdaEphemeralGbSecond', units: messages * seconds * EPHEMERAL_OVER_FREE_GB },
    { component, price: 'lambdaStreamGb', units: streamedGb },
    {
      component: 'tenant isolation',
      price: 'lambdaTenantGb',
      units: load.isolation === 'tenant' ? coldStarts * memoryGb : 0,
    },
    {
      component: 'provisioned concurrency',
      price: 'lambdaProvisionedGbSecondArm',
      units: warm * memoryGb * SECONDS_PER_MONTH,
    },
  ];
}

function gatewayUsage({ messages, streaming, answerKb }: Workload): Usage[] {
  const component = 'API Gateway (2)';
  const agentRequests = messages * Math.max(1, Math.ceil(answerKb / REST_REQUEST_KB));
  return [
    { component, price: 'httpApiRequest', units: messages },
    streaming
      ? { component, price: 'restApiRequest', units: agentRequests }
      : { component, price: 'httpApiRequest', units: messages },
  ];
}

function storeUsage({ messages, seconds, coldShare, storedGb }: Workload): Usage[] {
  const heartbeats = Math.floor(seconds / SQS_HEARTBEAT_S);
  const renewals = seconds * LEASE_RENEWALS_PER_S;
  const tableGb = (messages * TABLE_KB_PER_MESSAGE) / KB_PER_GB;
  return [
    {
      component: 'SQS',
      price: 'sqsFifoRequest',
      units: SQS_IDLE + messages * (SQS_PER_MESSAGE + heartbeats),
    },
    { component: 'DynamoDB', price: 'dynamoWrite', units: messages * (WRITES_PER_MESSAGE + renewals) },
    { component: 'DynamoDB', price: 'dynamoRead', units: messages * (READS_PER_MESSAGE + renewals) },
    { component: 'DynamoDB', price: 'dynamoGbMonth', units: tableGb },
    { component: 'DynamoDB', price: 'dynamoRecoveryGbMonth', units: tableGb },
    { component: 'S3', price: 's3GbMonth', units: storedGb },
    { component: 'S3', price: 's3Put', units: messages * PUTS_PER_MESSAGE },
    { component: 'S3', price: 's3Get', units: messages * GETS_PER_MESSAGE },
    { component: 'Secrets Manager', price: 'secretMonth', units: STANDING.secrets },
    {
      component: 'Secrets Manager',
      price: 'secretCall',
      units: messages * coldShare * SECRET_CALLS_PER_COLD_START,
    },
    { component: 'ECR', price: 'ecrGbMonth', units: STANDING.imageGb },
  ];
}

function operationsUsage({ messages }: Workload): Usage[] {
  const component = 'CloudWatch and X-Ray';
  return [
    { component, price: 'logGb', units: (messages * LOG_KB_PER_MESSAGE) / KB_PER_GB },
    { component, price: 'metricMonth', units: STANDING.metrics },
    { component, price: 'alarmMonth', units: STANDING.alarmMetrics },
    { component, price: 'dashboardMonth', units: STANDING.dashboards },
    { component, price: 'trace', units: messages },
  ];
}
