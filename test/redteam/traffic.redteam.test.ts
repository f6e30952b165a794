import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';

const RECORD = join(import.meta.dirname, 'record-traffic.process.ts');
const require = createRequire(import.meta.url);
const CLI = join(
  require.resolve(`@anthropic-ai/claude-agent-sdk-linux-${process.arch}/package.json`, {
    paths: [require.resolve('@anthropic-ai/claude-agent-sdk')],
  }),
  '..',
  'claude',
);
const NAMESPACES = [
  ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']),
  ...['--net', '--mount', '--fork', '--kill-child', '--'],
];
/** Every address of the world leads to this machine, and every name is asked of it. */
const SURROUND = `set -e
  ip link set lo up
  ip route add local default dev lo
  ip -6 route add local default dev lo 2>/dev/null || :
  mount --bind "$1" "$(readlink -f /etc/resolv.conf)"
  shift
  exec "$@"`;
const canSurround =
  process.platform === 'linux' &&
  spawnSync('unshare', [...NAMESPACES, 'sh', '-c', 'ip link set lo up && test -e /etc/resolv.conf'])
    .status === 0;

/** @returns the names and addresses that were called, other than those on 127.0.0.1 that they were given. */
async function calledBy(mode: 'bedrock' | 'anthropic' | 'plain'): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'omnicloud-traffic-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const resolver = join(folder, 'resolv.conf');
  await writeFile(resolver, 'nameserver 127.0.0.1\n');
  const command = [process.execPath, RECORD, mode, folder, CLI];
  const child = spawn('unshare', [...NAMESPACES, 'sh', '-c', SURROUND, 'sh', resolver, ...command], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return JSON.parse(said) as string[];
}

describe.skipIf(!canSurround)('In a turn, nothing is called but the model (Linux)', () => {
  it.each(['bedrock', 'anthropic'] as const)(
    'with %s: no telemetry, no update, no other name',
    async (mode) => {
      expect(await calledBy(mode)).toEqual([]);
    },
  );

  it('while a CLI that is started plainly does call: it would be seen', async () => {
    expect(await calledBy('plain')).toContain('api.anthropic.com');
  });
});
