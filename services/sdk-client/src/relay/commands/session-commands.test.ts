import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { filePath, sessionKeyOf, type Turn } from '@omnicloud/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BLOCKED, LOST, refused, throttled, UNREACHABLE } from '../../telegram/bot-api.fixture.ts';
import { TEXTS } from '../../reply/texts.ts';
import { archived, AUTH_TOKEN, DOWN, listing, refusing, SESSION } from '../agent/agent-server.fixture.ts';
import { later, RelayScene, WHEN_COMPLETE } from '../relay-scene.fixture.ts';
import { turnOf } from '../../turn/turn.fixture.ts';

type Command = 'files' | 'export' | 'debug';

const DONE = { kind: 'done' };
const RETRY = { kind: 'retry' };
const BAD_GATEWAY = (): Response => new Response('<h1>Bad Gateway</h1>', { status: 502 });
const ARCHIVE = gzipSync(randomBytes(200_000));
const HALVES = [ARCHIVE.subarray(0, 90_000), ARCHIVE.subarray(90_000)];

let scene: RelayScene;
beforeEach(async () => {
  scene = await RelayScene.open();
});
afterEach(() => scene.close());

function ask(command: Command): Pick<Turn, 'ask'> {
  return { ask: { kind: 'command', command } };
}

/** Delivers one and the same update of the owner, once more each time. */
function deliver(command: Command, changes: Partial<Turn> = {}): Promise<unknown> {
  const { sender } = turnOf();
  const handler = scene.handler(WHEN_COMPLETE, { ownerId: sender.id });
  return handler.handle(turnOf({ ...ask(command), ...changes }), 1);
}

describe.each(['files', 'export'] as const)('/%s', (command) => {
  it('says so when there is no conversation yet', async () => {
    expect(await deliver(command)).toEqual(DONE);
    expect(scene.botApi.screen).toEqual([TEXTS.en.noSession]);
    expect(scene.agent.calls).toEqual([]);
  });

  it('says so when nothing is stored of it, and leaves it to the next message to find that out', async () => {
    await scene.knows(SESSION);
    scene.agent.script(refusing('session_unknown'));
    expect(await deliver(command)).toEqual(DONE);
    expect(scene.botApi.screen).toEqual([TEXTS.en.nothingStored]);
    expect(await scene.session()).toBe(SESSION);
  });

  it.each([
    ['waits, without a try,', 'cannot be reached', DOWN, later(2_000)],
    ['waits, without a try,', 'cannot read its store', refusing('store_unavailable'), later(2_000)],
    ['waits, without a try,', 'is behind a gateway that fails', BAD_GATEWAY, later(2_000)],
    ['is tried again', 'is behind a gateway that makes things up', () => new Response('Welcome'), RETRY],
  ])('%s when the agent server %s', async (_what, _why, answer, outcome) => {
    await scene.knows(SESSION);
    scene.agent.script(answer);
    expect(await deliver(command)).toEqual(outcome);
    expect(scene.botApi.screen).toEqual([]);
    expect(scene.botApi.documents).toEqual([]);
    expect(scene.errors).toHaveLength(1);
  });

  it('asks with the token, and says whose session it is', async () => {
    await scene.knows(SESSION);
    scene.agent.script(command === 'files' ? listing({}) : archived(HALVES));
    await deliver(command);
    const [call] = scene.agent.calls;
    expect(call?.path).toBe(filePath(command, SESSION));
    expect(call?.headers.get('authorization')).toBe(`Bearer ${AUTH_TOKEN}`);
    expect(call?.headers.get('x-session-key')).toBe(sessionKeyOf(turnOf()));
  });
});

it('/files lists them, in the language of who asks', async () => {
  await scene.knows(SESSION);
  scene.agent.script(listing({ 'notes.md': 7 }), listing({ 'notes.md': 7 }));
  await scene.handle(ask('files'));
  await scene.handle({ ...ask('files'), sender: { ...turnOf().sender, language_code: 'zh-hans' } });
  expect(scene.botApi.screen).toEqual(['1 file, 7 B\n\n7 B  notes.md', '1 个文件，共 7 B\n\n7 B  notes.md']);
});

describe('/export', () => {
  beforeEach(() => scene.knows(SESSION));

  it('sends the archive as a reply, into the topic that it was asked in', async () => {
    const place = { chat_id: '-1001', thread_id: '7', is_forum: true } as const;
    await scene.table.save('-1001:7', SESSION, { fencingToken: 1, replaces: undefined });
    scene.agent.script(archived(HALVES));
    expect(await deliver('export', place)).toEqual(DONE);
    expect(scene.botApi.documents).toEqual([
      { name: `session-${SESSION}.tar.gz`, content: new Uint8Array(ARCHIVE) },
    ]);
    expect(scene.botApi.payloads('sendDocument')).toMatchObject([
      {
        chat_id: '-1001',
        message_thread_id: '7',
        reply_parameters: JSON.stringify({ message_id: 42, allow_sending_without_reply: true }),
        caption: TEXTS.en.archive.export,
      },
    ]);
    expect(scene.botApi.payloads('sendChatAction')[0]).toMatchObject({ action: 'upload_document' });
  });

  it('sends it once, however often the update is delivered', async () => {
    scene.agent.script(archived(HALVES));
    expect(await deliver('export')).toEqual(DONE);
    expect(await deliver('export')).toEqual(DONE);
    expect(scene.botApi.documents).toHaveLength(1);
    expect(scene.agent.calls).toHaveLength(1);
  });

  it('sends no part of an archive that breaks off, whether the connection tells or not', async () => {
    async function* broken(): AsyncGenerator<Uint8Array, void, undefined> {
      yield HALVES[0] ?? new Uint8Array();
      await Promise.reject(new Error('The connection was reset'));
    }
    scene.agent.script(archived(broken()), archived([HALVES[0] ?? new Uint8Array()]), archived(HALVES));
    expect(await deliver('export')).toEqual(RETRY);
    expect(await deliver('export')).toEqual(RETRY);
    expect(scene.botApi.documents).toEqual([]);
    expect(scene.errors).toMatchObject([{ code: 'agent_unreachable' }, { code: 'agent_unreachable' }]);
    expect(await deliver('export')).toEqual(DONE);
    expect(scene.botApi.documents).toHaveLength(1);
  });

  it('is tried again when the archive comes to a standstill', async () => {
    async function* stuck(): AsyncGenerator<Uint8Array, void, undefined> {
      yield HALVES[0] ?? new Uint8Array();
      await new Promise(() => undefined);
    }
    scene.agent.script(archived(stuck()));
    const agent = { ...scene.agent.server, silenceMs: 50 };
    // The fixture's answer knows no signal; a connection ends with it.
    const fetch: typeof agent.fetch = async (input, init) => {
      const { body, headers } = await scene.agent.server.fetch(input, init);
      const cut = new TransformStream<Uint8Array, Uint8Array>();
      body?.pipeTo(cut.writable, init?.signal ? { signal: init.signal } : {}).catch(() => undefined);
      return new Response(cut.readable, { headers });
    };
    const handler = scene.handler(WHEN_COMPLETE, { agent: { ...agent, fetch } });
    expect(await handler.handle(turnOf(ask('export')), 1)).toEqual(RETRY);
    expect(scene.errors).toMatchObject([{ code: 'agent_unreachable' }]);
    expect(scene.botApi.documents).toEqual([]);
  });

  it('reads no further than what Telegram takes, and says that it is too large', async () => {
    let sent = 0;
    function* endless(): Generator<Uint8Array, void, undefined> {
      for (;;) {
        sent += 1_000_000;
        yield new Uint8Array(1_000_000);
      }
    }
    scene.agent.script(archived(endless()));
    expect(await deliver('export')).toEqual(DONE);
    expect(scene.botApi.screen).toEqual([TEXTS.en.archiveTooLarge(50)]);
    expect(sent).toBeLessThan(60_000_000);
  });

  it('waits as long as Telegram asks, without using up a try', async () => {
    scene.agent.script(archived(HALVES), archived(HALVES));
    scene.botApi.script('sendDocument', throttled(7));
    expect(await deliver('export')).toEqual(later(7_000));
    expect(await deliver('export')).toEqual(DONE);
    expect(scene.botApi.documents).toHaveLength(1);
    expect(scene.measures).not.toContainEqual(['UndecidableSends', 1]);
  });

  it.each([
    ['never arrived', UNREACHABLE, 1],
    ['arrived, unknown to us', LOST, 2],
  ])(
    'sends it again, and counts it, when nobody knows the end of a send that %s',
    async (_what, answer, times) => {
      scene.agent.script(archived(HALVES), archived(HALVES));
      scene.botApi.script('sendDocument', answer);
      expect(await deliver('export')).toEqual(RETRY);
      expect(await deliver('export')).toEqual(DONE);
      expect(scene.botApi.documents).toHaveLength(times);
      expect(scene.measures).toContainEqual(['UndecidableSends', 1]);
    },
  );

  it('says so when Telegram does not take it', async () => {
    scene.agent.script(archived(HALVES));
    scene.botApi.script('sendDocument', refused(413, 'Request Entity Too Large'));
    expect(await deliver('export')).toEqual(DONE);
    expect(scene.botApi.screen).toEqual([TEXTS.en.archiveRefused]);
  });

  it('asks for the debug log for the owner alone', async () => {
    scene.agent.script(archived(HALVES), archived(HALVES));
    const queries: string[] = [];
    const { server } = scene.agent;
    const fetch: typeof server.fetch = (input, init) => {
      queries.push(new URL(new Request(input, init).url).search);
      return server.fetch(input, init);
    };
    const { sender } = turnOf();
    const handler = scene.handler(WHEN_COMPLETE, { ownerId: sender.id, agent: { ...server, fetch } });
    await handler.handle(turnOf({ ...ask('export'), update_id: 1 }), 1);
    await handler.handle(turnOf({ ...ask('export'), update_id: 2, sender: { ...sender, id: '5' } }), 1);
    expect(queries).toEqual(['?include_debug=true', '']);
  });

  it('ends when nobody is there to take it', async () => {
    scene.agent.script(archived(HALVES));
    scene.botApi.script('sendDocument', BLOCKED);
    scene.botApi.script('sendMessage', BLOCKED);
    expect(await deliver('export')).toEqual(DONE);
    expect(await deliver('export')).toEqual(DONE);
    expect(scene.agent.calls).toHaveLength(1);
  });
});

describe('/debug', () => {
  beforeEach(() => scene.knows(SESSION));

  it('sends the session files to the owner', async () => {
    scene.agent.script(archived(HALVES));
    expect(await deliver('debug')).toEqual(DONE);
    expect(scene.agent.paths).toEqual([filePath('debug', SESSION)]);
    expect(scene.botApi.documents).toMatchObject([{ name: `debug-${SESSION}.tar.gz` }]);
  });

  it('is refused to everybody else, without asking the agent server', async () => {
    expect(await deliver('debug', { sender: { ...turnOf().sender, id: '5' } })).toEqual(DONE);
    expect(scene.botApi.screen).toEqual([TEXTS.en.ownerOnly]);
    expect(scene.agent.calls).toEqual([]);
  });

  it('is refused to all when nobody is known as the owner', async () => {
    expect(await scene.handle(ask('debug'))).toEqual(DONE);
    expect(scene.botApi.screen).toEqual([TEXTS.en.ownerOnly]);
    expect(scene.agent.calls).toEqual([]);
  });
});
