import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { nodeProblem } from '@omnicloud/operate/internal/checks/prerequisites.ts';
import { newOperator } from './run-operate.fixture.ts';

const REGION = 'us-east-1';

it.each([
  ['20.19.0', 'Node 20.19.0 is too old'],
  ['24.0.0', undefined],
  ['26.1.0', undefined],
])('Node %s: %s', (version, problem) => {
  expect(nodeProblem(version)).toBe(problem);
});

it.each([
  ['a builder that does not run', 'exit 1', 'is not there, or its service does not run'],
  [
    'a builder for this machine alone',
    'case "$1" in buildx) echo "Platforms: linux/amd64, linux/386";; *) echo "OS/Arch: linux/amd64";; esac',
    'cannot build for linux/arm64',
  ],
])('%s is found before anything else', async (_, script, problem) => {
  const operator = await newOperator({});
  await operator.install('docker', script);
  const { code, stderr } = await operator.run('deploy', '--yes');
  expect([code, stderr]).toEqual([1, expect.stringMatching(`✗ .*${problem}.*\n {2}→ `)]);
});

it('a builder that emulates arm64 will do; then a region and credentials are wanted', async () => {
  const operator = await newOperator({
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
  });
  await operator.install('docker', 'case "$1" in buildx) echo "Platforms: linux/amd64, linux/arm64";; esac');
  const withoutRegion = await operator.run('deploy', '--yes');
  expect(withoutRegion.stdout).toContain('✓ docker builds for linux/arm64');
  expect([withoutRegion.code, withoutRegion.stderr]).toEqual([
    1,
    expect.stringMatching(/No AWS region is set\n {2}→ Set AWS_REGION/),
  ]);
  operator.environment.AWS_REGION = REGION;
  const withoutKeys = await operator.run('deploy', '--yes');
  expect([withoutKeys.code, withoutKeys.stderr]).toEqual([
    1,
    expect.stringMatching(/AWS does not know who you are[^]*aws configure/),
  ]);
  expect(await operator.cdkCalls()).toEqual([]);
});

const IDENTITY = `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/guest</Arn>
<Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`;

/** AWS, as far as it answers everything like this, but for who is asking when that is known. @returns its address. */
async function startAws(status: number, code: string, isKnown = false): Promise<string> {
  const body = `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>as said</Message></Error></ErrorResponse>`;
  const server = createServer((request, response) => {
    void text(request).then((asked) => {
      if (isKnown && asked.includes('GetCallerIdentity')) response.writeHead(200).end(IDENTITY);
      else response.writeHead(status).end(body);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('keys that have expired, that may not, and a region that does not answer have each their cure', async () => {
  const operator = await newOperator({
    AWS_REGION: 'us-east-9',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_MAX_ATTEMPTS: '1',
    AWS_ENDPOINT_URL: await startAws(403, 'ExpiredToken'),
  });
  const expired = await operator.run('logs', '--once');
  expect([expired.code, expired.stderr]).toEqual([
    1,
    expect.stringMatching(/does not know who you are \(ExpiredToken.*as said\)\n {2}→ .*aws sso login/),
  ]);
  operator.environment.AWS_ENDPOINT_URL = await startAws(403, 'AccessDenied', true);
  const refused = await operator.run('logs', '--once');
  expect([refused.code, refused.stderr]).toEqual([
    1,
    expect.stringMatching(/✗ AccessDenied.*as said\n {2}→ .*an administrator of the account/),
  ]);
  operator.environment.AWS_ENDPOINT_URL = 'http://127.0.0.1:1';
  const silent = await operator.run('logs', '--once');
  expect([silent.code, silent.stderr]).toEqual([
    1,
    expect.stringMatching(/does not answer in the region us-east-9.*\n {2}→ Check that AWS_REGION/),
  ]);
});

it.each(['deploy', 'destroy', 'doctor', 'logs', 'redrive'])(
  'npm run %s -- --help says what it takes, and does nothing',
  async (command) => {
    const operator = await newOperator({});
    await operator.install('docker', 'exit 1');
    const { code, stdout, stderr } = await operator.run(command, '--help');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`npm run ${command}`);
    expect(stdout).toContain('--stack');
  },
);
