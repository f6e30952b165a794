import { fileURLToPath } from 'node:url';
import type { AwsAccount } from './aws-account.ts';
import type { GivenSwitches } from '../config.ts';
import { runProgram } from '../run-program.ts';

const INFRA = fileURLToPath(new URL('../../../infra', import.meta.url));

type Place = Pick<AwsAccount, 'id' | 'region'>;

/** Sets the CDK up in an account and a region: what every deployment with it needs once. */
export async function bootstrap({ id, region }: Place): Promise<void> {
  await cdk(['bootstrap', `aws://${id}/${region}`], { id, region });
}

/**
 * Builds what the functions run and brings the stack to what the switches say. Nothing happens when it already is so.
 * @throws OperateError `command_failed`
 */
export async function deployStack(stack: string, switches: GivenSwitches, place: Place): Promise<void> {
  const context = Object.entries({ ...switches, deployment: stack }).flatMap(([name, value]) => [
    '--context',
    `${name}=${value}`,
  ]);
  await cdk(['deploy', stack, '--require-approval', 'never', '--progress', 'events', ...context], place);
}

function cdk(args: readonly string[], { id, region }: Place): Promise<void> {
  return runProgram('cdk', args, {
    cwd: INFRA,
    environment: {
      AWS_REGION: region,
      CDK_DEFAULT_REGION: region,
      CDK_DEFAULT_ACCOUNT: id,
      // It would ask the web for notices, and whoever deploys did not ask for them.
      CDK_DISABLE_CLI_TELEMETRY: 'true',
    },
  });
}
