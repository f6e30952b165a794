// entries → bundles → what the functions run
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { Code, DockerImageCode } from 'aws-cdk-lib/aws-lambda';
import { bundleFunction } from './bundle.ts';
import type { Artifacts } from './stack/omnicloud-stack.ts';
import type { Program } from './stack/service-function.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BUNDLES = join(ROOT, 'infra/dist');

/** Bundles the functions. The image is built at deployment; until then it is a folder and the digest of what is in it. */
export async function makeArtifacts(): Promise<Artifacts> {
  const [webhook, worker, authorizer] = await Promise.all([
    bundled('webhook'),
    bundled('worker'),
    bundled('authorizer'),
  ]);
  return {
    webhook,
    worker,
    authorizer,
    agentImage: DockerImageCode.fromImageAsset(ROOT, {
      file: 'services/agent-container/Dockerfile',
      platform: Platform.LINUX_ARM64,
    }),
  };
}

async function bundled(name: Parameters<typeof bundleFunction>[0]): Promise<Program> {
  const folder = join(BUNDLES, name);
  await bundleFunction(name, folder);
  return { code: Code.fromAsset(folder), handler: 'index.handler' };
}
