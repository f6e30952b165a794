import type { TestProject } from 'vitest/node';
import './provided-context.ts';
import { ServerMissingError } from './installed-server.ts';
import { startDynamoDb } from './start-dynamodb.ts';
import { startMiniStack } from './start-ministack.ts';
import { startMoto } from './start-moto.ts';
import { installEmulator } from '../lambda/install-emulator.ts';
import { installRuntimeClient } from '../lambda/install-runtime-client.ts';

/** vitest's global setup: runs once, before any test file. What it returns is called after the last one, failed or not. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const runtimeClient = await unlessMissing('the Lambda runtime client', installRuntimeClient);
  const emulator = await unlessMissing('the Lambda runtime emulator', installEmulator);
  const started = await Promise.allSettled([
    unlessMissing('moto', startMoto),
    unlessMissing('DynamoDB Local', startDynamoDb),
    unlessMissing('MiniStack', startMiniStack),
  ]);
  const stop = async (): Promise<void> => {
    for (const start of started) {
      if (start.status === 'fulfilled') await start.value?.stop();
    }
  };
  const failed = started.find((start) => start.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  const [moto = '', dynamodb = '', ministack = ''] = started.map((start) =>
    start.status === 'fulfilled' ? start.value?.endpoint : undefined,
  );
  provide('moto', moto);
  provide('dynamodb', dynamodb);
  provide('ministack', ministack);
  provide('runtimeClient', runtimeClient ?? '');
  provide('emulator', emulator ?? '');
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
