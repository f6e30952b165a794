import { expect, it } from 'vitest';
import { McpServers } from './mcp-servers.ts';

const SERVERS = { mute: { command: 'mute' }, quick: { command: 'quick' } };
const MINUTE_MS = 60_000;

function start(status: string): { mcp_servers: { name: string; status: string }[] } {
  return {
    mcp_servers: [
      { name: 'mute', status },
      { name: 'quick', status: 'connected' },
      { name: 'nobody knows it', status: 'failed' },
    ],
  };
}

it.each(['failed', 'pending'])(
  'A server that did not start (%s) is left out for ten minutes, logged, and told once to each session',
  (status) => {
    const clock = { ms: 0 };
    const errors: unknown[] = [];
    const servers = new McpServers(SERVERS, {
      onError: (error) => errors.push(error),
      monotonicNow: () => clock.ms,
    });
    expect(servers.usable()).toEqual(SERVERS);
    expect(servers.untold('one')).toEqual([]);
    servers.note(start(status));
    expect(servers.usable()).toEqual({ quick: SERVERS.quick });
    expect(errors).toMatchObject([{ message: expect.stringContaining('mute did not start') as unknown }]);
    expect(servers.untold('one')).toEqual(['mute']);
    servers.tell('one', ['mute']);
    expect([servers.untold('one'), servers.untold('two')]).toEqual([[], ['mute']]);
    clock.ms = 10 * MINUTE_MS;
    expect(servers.usable()).toEqual(SERVERS);
    servers.note(start(status));
    expect(servers.untold('one')).toEqual([]);
    expect(servers.usable()).toEqual({ quick: SERVERS.quick });
  },
);

it('A server that has started again is told of anew when it is missing once more', () => {
  const servers = new McpServers(SERVERS);
  servers.note(start('failed'));
  servers.tell('one', ['mute']);
  servers.note(start('connected'));
  expect(servers.usable()).toEqual(SERVERS);
  servers.note(start('failed'));
  expect(servers.untold('one')).toEqual(['mute']);
});
