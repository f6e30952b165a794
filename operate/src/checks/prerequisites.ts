// Node → a builder of arm64 images → the CDK's own stack in this account and region
import type { Asker } from '../ask/ask.ts';
import type { AwsAccount } from '../aws/aws-account.ts';
import { bootstrap } from '../aws/cdk.ts';
import { describeStack } from '../aws/deployment.ts';
import { OperateError } from '../operate-error.ts';
import type { Progress } from '../progress.ts';
import { outputOf } from '../run-program.ts';

export const NODE_MAJOR = 24;
/** What `cdk bootstrap` names its stack: https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html */
const BOOTSTRAP_STACK = 'CDKToolkit';
/** Its output that says which version it is; the same number is in SSM, where CloudFormation looks when it deploys. */
const BOOTSTRAP_VERSION = 'BootstrapVersion';
/** What the stack's template asks for: MIN_BOOTSTRAP_STACK_VERSION of aws-cdk-lib's DefaultStackSynthesizer. */
const NEEDED_BOOTSTRAP = 6;

/** @returns what is wrong; undefined when it is new enough. */
export function nodeProblem(version: string = process.versions.node): string | undefined {
  return Number(version.split('.')[0]) >= NODE_MAJOR ? undefined : `Node ${version} is too old`;
}

interface BuilderProblem {
  readonly what: string;
  readonly cure: string;
}

const ARM = /\barm64\b|\baarch64\b/;

/**
 * The functions run on arm64, so an image for it must be built, on whatever machine this is.
 * @param builder the program, e.g. `docker`, `podman` or `finch`.
 */
async function builderProblem(builder: string): Promise<BuilderProblem | undefined> {
  const version = await outputOf(builder, ['version']);
  if (version === undefined) {
    return {
      what: `\`${builder}\` is not there, or its service does not run`,
      cure: 'Start Docker, or name another builder that takes its commands in CDK_DOCKER (podman, finch).',
    };
  }
  // Of other builders it is not known how to ask.
  if (builder !== 'docker' || ARM.test(version)) return undefined;
  const platforms = await outputOf(builder, ['buildx', 'inspect']);
  if (platforms !== undefined && ARM.test(platforms)) return undefined;
  return {
    what: `\`${builder}\` cannot build for linux/arm64`,
    cure: 'Run `docker run --privileged --rm tonistiigi/binfmt --install arm64` once, or deploy from an arm64 machine.',
  };
}

/** @throws OperateError `prerequisite_missing` */
export async function checkTools(builder: string, progress: Progress): Promise<void> {
  const node = nodeProblem();
  if (node !== undefined) {
    throw new OperateError('prerequisite_missing', node, { cure: `Install Node ${NODE_MAJOR} or newer.` });
  }
  progress.done(`Node ${process.versions.node}`);
  const problem = await builderProblem(builder);
  if (problem) throw new OperateError('prerequisite_missing', problem.what, { cure: problem.cure });
  progress.done(`${builder} builds for linux/arm64`);
}

/** @throws OperateError `prerequisite_missing` when it is not there, or older than what the stack needs, and setting it up is not wanted. */
export async function ensureBootstrapped(
  account: AwsAccount,
  asker: Asker | undefined,
  progress: Progress,
): Promise<void> {
  const found = await describeStack(account, BOOTSTRAP_STACK);
  const version = Number(
    found?.Outputs?.find(({ OutputKey }) => OutputKey === BOOTSTRAP_VERSION)?.OutputValue ?? 0,
  );
  if (found && version >= NEEDED_BOOTSTRAP) {
    progress.skip(
      `${BOOTSTRAP_STACK} is there: the CDK has been set up in this account and region (version ${version})`,
    );
    return;
  }
  const place = `account ${account.id}, region ${account.region}`;
  const problem = found
    ? `The CDK was set up in ${place} at version ${version}, and ${NEEDED_BOOTSTRAP} is needed`
    : `The CDK has not been set up in ${place}`;
  const offer = found ? 'Bring it up to date now?' : 'Do it now? (a bucket and a few roles)';
  const isWanted = asker === undefined || (await asker.confirm(`${problem}. ${offer}`));
  if (!isWanted) {
    throw new OperateError('prerequisite_missing', problem, {
      cure: `Run \`cdk bootstrap aws://${account.id}/${account.region}\`.`,
    });
  }
  await bootstrap(account);
  progress.done(
    found ? `The CDK has been brought up to date in ${place}` : `The CDK has been set up in ${place}`,
  );
}
