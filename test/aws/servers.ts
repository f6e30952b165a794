import type { TestProject } from 'vitest/node';
import { ServerMissingError } from './installed-server.ts';
import { startDynamoDb } from './start-dynamodb.ts';
import { startMoto } from './start-moto.ts';
import { installRuntimeClient } from '../lambda/install-runtime-client.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where moto answers for S3, SQS and Secrets Manager; empty when it cannot be had here: then what needs it is skipped. */
    moto: string;
    /** Where DynamoDB Local answers; empty when it cannot be had here: then what needs it is skipped. */
    dynamodb: string;
    /** The main file of Lambda's runtime interface client; empty when it cannot be had here. */
    runtimeClient: string;
  }
}

/** vitest's global setup: runs once, before any test file. What it returns is called after the last one, failed or not. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const runtimeClient = await unlessMissing('the Lambda runtime client', installRuntimeClient);
  const [moto, dynamodb] = await Promise.allSettled([
    unlessMissing('moto', startMoto),
    unlessMissing('DynamoDB Local', startDynamoDb),
  ]);
  const stop = async (): Promise<void> => {
    for (const start of [moto, dynamodb]) {
      if (start.status === 'fulfilled') await start.value?.stop();
    }
  };
  if (moto.status === 'rejected' || dynamodb.status === 'rejected') {
    await stop();
    throw moto.status === 'rejected' ? moto.reason : (dynamodb as PromiseRejectedResult).reason;
  }
  provide('moto', moto.value?.endpoint ?? '');
  provide('dynamodb', dynamodb.value?.endpoint ?? '');
  provide('runtimeClient', runtimeClient ?? '');
  return stop;
}

/** On a developer's machine a server that cannot be had is a remark; in CI nothing may go untested unnoticed. */
async function unlessMissing<Thing>(name: string, start: () => Thing): Promise<Awaited<Thing> | undefined> {
  try {
    return await start();
  } catch (error) {
    if (!(error instanceof ServerMissingError) || process.env.CI) throw error;
    console.error(`\nSKIPPED: all tests that need ${name}, which cannot be had here. ${error.message}\n`);
    return undefined;
  }
}
