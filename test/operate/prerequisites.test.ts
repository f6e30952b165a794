import { expect, it } from 'vitest';
import { nodeProblem } from '../../scripts/operate/prerequisites.ts';
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
