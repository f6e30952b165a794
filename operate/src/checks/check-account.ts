// the account and the region → whether a deployment with these switches can work there
import type { Switches } from '@omnicloud/infra';
import type { AwsAccount } from '../aws/aws-account.ts';
import { type Concurrency, lambdaConcurrency, LookupError } from '../aws/aws-lookups.ts';
import { fine, type Finding, note, wrong } from './finding.ts';

type Place = Pick<AwsAccount, 'region' | 'stacks'>;

/** A turn runs in two functions at once: the worker, and the agent that it waits for. */
const FUNCTIONS_PER_TURN = 2;
/** The webhook and the authorizer run for moments. */
const OTHERS = 2;
/** The least that `concurrency` takes. */
const LEAST_TURNS = 2;

/** @returns what is wrong stops a deployment; what could not be looked at does not. */
export async function checkAccount(
  place: Place,
  switches: Pick<Switches, 'isolation' | 'concurrency'>,
): Promise<Finding[]> {
  return [checkRegion(place.region, switches.isolation), await checkConcurrency(place, switches.concurrency)];
}

/**
 * Tenant isolation is in all commercial regions but one, and in no other partition
 * (https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html).
 */
const WITHOUT_ISOLATION = /^(ap-southeast-6|(cn|us-gov|us-iso[a-z]*|eu-iso[a-z]*|eusc)-.*)$/;

export function checkRegion(region: string, isolation: Switches['isolation']): Finding {
  if (isolation === 'shared') return fine(`Conversations share environments in ${region}, as was asked for`);
  if (!WITHOUT_ISOLATION.test(region)) return fine(`Lambda isolates conversations in ${region}`);
  return wrong(
    `Lambda has no tenant isolation in ${region}`,
    'Set AWS_REGION to another region, or deploy with --isolation shared: then conversations share environments.',
  );
}

async function checkConcurrency(place: Place, turns: number): Promise<Finding> {
  try {
    return judgeConcurrency(await lambdaConcurrency(place), turns);
  } catch (error) {
    if (!(error instanceof LookupError)) throw error;
    const what =
      error.code === 'forbidden'
        ? 'How many functions may run at once was not checked: lambda:GetAccountSettings is not allowed to you'
        : `How many functions may run at once was not checked: ${error.message}`;
    return note(
      what,
      'A new account may run 10 at once; this deployment needs more (Service Quotas → Lambda).',
    );
  }
}

/** @param turns how many run side by side at most. */
export function judgeConcurrency({ all, unreserved }: Concurrency, turns: number): Finding {
  const needed = FUNCTIONS_PER_TURN * turns;
  const reserved = all - unreserved;
  const have = `${unreserved} functions may run at once here${reserved > 0 ? `, besides ${reserved} that are reserved` : ''}`;
  if (unreserved >= needed) return fine(have);
  const fitting = Math.floor((unreserved - OTHERS) / FUNCTIONS_PER_TURN);
  const askFor = `ask for at least ${needed + reserved} at Service Quotas → AWS Lambda → Concurrent executions`;
  return wrong(
    `${have}, and ${turns} turns side by side need ${needed}`,
    fitting >= LEAST_TURNS
      ? `Deploy with --concurrency ${fitting} (${fitting} turns side by side), or ${askFor}.`
      : `${askFor.charAt(0).toUpperCase()}${askFor.slice(1)}.`,
  );
}
