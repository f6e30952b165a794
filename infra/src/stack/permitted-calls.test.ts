import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { resourcesOf, synthesize } from './stack.fixture.ts';

/** The actions behind what a client exports, where they have not simply its name. */
const ACTIONS: Readonly<Record<string, string>> = {
  's3:paginateListObjectsV2': 's3:ListBucket',
  // It needs GetObject too, of what it copies.
  's3:CopyObject': 's3:PutObject',
  'dynamodb:Get': 'dynamodb:GetItem',
  'dynamodb:Put': 'dynamodb:PutItem',
  'dynamodb:Update': 'dynamodb:UpdateItem',
  'dynamodb:Delete': 'dynamodb:DeleteItem',
};
/** What a function does not ask for by itself: Lambda does, on its behalf. */
const PLATFORM = /^(logs|xray):|^sqs:(ReceiveMessage|GetQueue(Attributes|Url))$/;

const { template } = synthesize();

/** @returns the actions behind every command that a function's bundle holds. */
async function callsIn(entry: string): Promise<Set<string>> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`../../../${entry}`, import.meta.url))],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    // What is imported from them is then all that stands in the bundle of them.
    external: ['@aws-sdk/*', '@anthropic-ai/*'],
  });
  const text = outputFiles.map((file) => file.text).join('\n');
  const imports = text.matchAll(/import\s*\{([^}]*)\}\s*from\s*"@aws-sdk\/(?:client|lib)-([\w-]+)"/g);
  const calls = [...imports].flatMap(([, names = '', client = '']) => {
    const service = client.replaceAll('-', '');
    return names
      .split(',')
      .map((name) => name.trim())
      .filter((name) => /Command$|^paginate/.test(name) && text.includes(`${name}(`))
      .map((name) => `${service}:${name.replace(/Command$/, '')}`);
  });
  return new Set(calls.map((call) => ACTIONS[call] ?? call));
}

function permittedTo(role: RegExp): Set<string> {
  const policies = Object.entries(resourcesOf(template, 'AWS::IAM::Policy')).filter(([id]) => role.test(id));
  const statements = policies.flatMap(
    ([, { Properties }]) =>
      (Properties.PolicyDocument as { Statement: { Action: string | string[] }[] }).Statement,
  );
  return new Set(statements.flatMap(({ Action }) => Action));
}

it.each([
  {
    name: 'the webhook',
    entry: 'services/sdk-client/src/webhook.lambda.ts',
    role: /^WebhookService/,
    // It adds to the queue and takes nothing from it; neither a stop nor what waits is ever replaced or deleted as a whole.
    never: [
      'dynamodb:DeleteItem',
      'dynamodb:PutItem',
      'sqs:ChangeMessageVisibility',
      'sqs:DeleteMessage',
      'sqs:ReceiveMessage',
    ],
  },
  {
    name: 'the worker',
    entry: 'services/sdk-client/src/worker.lambda.ts',
    role: /^WorkerService/,
    never: [],
  },
  {
    name: 'the agent',
    entry: 'services/agent-container/src/agent.lambda.ts',
    role: /^AgentPermissions/,
    // Of the table it changes mappings and leases; it replaces nothing, and only the worker forgets a mapping.
    never: ['dynamodb:DeleteItem', 'dynamodb:PutItem'],
  },
  {
    name: 'the authorizer',
    entry: 'infra/src/authorizer/authorizer.lambda.ts',
    role: /^AuthorizerService/,
    never: [],
  },
])('$name may do what its code can ask for, and no more', async ({ entry, role, never }) => {
  const [calls, permitted] = [await callsIn(entry), permittedTo(role)];
  expect(calls.size).toBeGreaterThan(0);
  expect([...calls].filter((call) => !permitted.has(call)).sort()).toEqual(never);
  const unasked = [...permitted].filter((action) => !calls.has(action) && !PLATFORM.test(action));
  expect(unasked).toEqual([]);
});
