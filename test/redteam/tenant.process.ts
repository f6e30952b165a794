// by IPC: event, tenant → the agent server's function, called as Lambda calls it → by IPC: status, body
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Context } from 'aws-lambda';
import type { Answered, Call } from './tenant.fixture.ts';

/** Lambda's own global: what goes out before the body, and where the body goes. */
let status = 0;
Object.assign(globalThis, {
  awslambda: {
    streamifyResponse: (handler: unknown) => handler,
    HttpResponseStream: {
      from: (output: PassThrough, prelude: { statusCode: number }) => {
        status = prelude.statusCode;
        return output;
      },
    },
  },
});

const { handler } = await import('@omnicloud/agent-container/internal/agent.lambda.ts');

// One call at a time, as in an environment of Lambda.
let last = Promise.resolve();
process.on('message', (call: Call) => {
  last = last.then(() => answer(call));
});
process.send?.({ status: 0, body: 'ready' } satisfies Answered);

async function answer({ event, tenantId }: Call): Promise<void> {
  const output = new PassThrough();
  const body = buffer(output);
  const context = { tenantId, getRemainingTimeInMillis: () => 60_000 } as Partial<Context> as Context;
  await handler(event, output as unknown as awslambda.HttpResponseStream, context);
  const answered: Answered = { status, body: (await body).toString('base64') };
  process.send?.(answered);
}
