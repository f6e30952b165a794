import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { expect, it, onTestFinished } from 'vitest';
import { STACK_DESCRIPTION } from '@omnicloud/operate/internal/aws/deployment.ts';
import { Progress } from '@omnicloud/operate/internal/progress.ts';
import { settledDeployment } from '@omnicloud/operate/internal/aws/stack-state.ts';

/** CloudFormation, in which a stack goes through these states, one a question; '' is none. What `deploy` finds there, and tells. */
async function settle(
  ...statuses: string[]
): Promise<{ status: string | undefined; lines: string[]; questions: number }> {
  let questions = 0;
  const server = createServer((_, response) => {
    const status = statuses[Math.min(questions, statuses.length - 1)] ?? '';
    questions += 1;
    if (status === '') {
      response.writeHead(400);
      response.end(
        '<ErrorResponse><Error><Code>ValidationError</Code><Message>none</Message></Error></ErrorResponse>',
      );
      return;
    }
    response.end(`<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>Mine</StackName>
      <CreationTime>2026-01-01T00:00:00Z</CreationTime><Description>${STACK_DESCRIPTION}x</Description>
      <StackStatus>${status}</StackStatus></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const stacks = new CloudFormationClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  onTestFinished(async () => {
    stacks.destroy();
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  const lines: string[] = [];
  const found = await settledDeployment({ stacks }, 'Mine', {
    progress: new Progress(1, (line) => lines.push(line)),
    pollMs: 1,
  });
  return { status: found?.status, lines, questions };
}

it('what CloudFormation still does is waited for, and told once', async () => {
  const { status, lines, questions } = await settle(
    'UPDATE_IN_PROGRESS',
    'UPDATE_IN_PROGRESS',
    'UPDATE_COMPLETE',
  );
  expect([status, questions]).toEqual(['UPDATE_COMPLETE', 3]);
  expect(lines).toEqual([expect.stringContaining('still works on Mine (UPDATE_IN_PROGRESS)')]);
});

it('a stack that is just being deleted is none afterwards', async () => {
  expect(await settle('DELETE_IN_PROGRESS', '')).toMatchObject({ status: undefined, questions: 2 });
});

it.each([
  ['UPDATE_ROLLBACK_FAILED', 'continue-update-rollback --stack-name Mine'],
  ['DELETE_FAILED', 'npm run destroy -- --stack Mine'],
  ['ROLLBACK_FAILED', 'npm run destroy -- --stack Mine'],
])('nothing is asked or built for a stack that is %s: the cure is told', async (status, cure) => {
  await expect(settle(status)).rejects.toMatchObject({
    code: 'aws_refused',
    cure: expect.stringContaining(cure) as string,
  });
});

it.each(['CREATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE', 'ROLLBACK_COMPLETE', 'REVIEW_IN_PROGRESS'])(
  'a stack that is %s can be deployed to',
  async (status) => {
    expect(await settle(status)).toMatchObject({ status, lines: [], questions: 1 });
  },
);
