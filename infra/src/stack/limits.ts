import { Duration } from 'aws-cdk-lib';

/** The longest that Lambda runs (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html), and that API Gateway streams. */
export const WORKER_TIMEOUT = Duration.minutes(15);
export const AGENT_TIMEOUT = Duration.minutes(15);
/** An HTTP API gives up after 30 s; Telegram is told earlier that it should come again. */
export const WEBHOOK_TIMEOUT = Duration.seconds(15);
