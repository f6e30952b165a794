import { sessionKeyOf, type Turn } from '@omnicloud/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, LOST, refused, throttled, UNREACHABLE } from '../telegram/bot-api.fixture.ts';
import { MAX_TRIES } from '../queue/turn-queue.ts';
import { renderMarkdown } from '../markdown/render-markdown.ts';
import { TEXTS } from '../reply/texts.ts';
import {
  ACCEPTED,
  type AgentAnswer,
  answered,
  DOWN,
  failing,
  FINISHED,
  MESSAGE_PATH,
  refusing,
  SESSION,
  streamed,
} from './agent/agent-server.fixture.ts';
import { AttachmentStoreError } from './files/attachment-store.ts';
import { later, RelayScene, WHEN_COMPLETE } from './relay-scene.fixture.ts';
import { turnOf } from '../turn/turn.fixture.ts';
import type { TurnLedger } from '../turn/turn-ledger.ts';
import { TurnProgress } from '../turn/turn-progress.ts';

const DONE = { kind: 'done' };
const RETRY = { kind: 'retry' };
const texts = TEXTS.en;
const FILE_ID = '0190c8a4-0000-4000-8000-00000000000';

let scene: RelayScene;
beforeEach(async () => {
  scene = await RelayScene.open();
});
afterEach(() => scene.close());

function withFiles(...names: string[]): Partial<Turn> {
  for (const name of names)
    scene.botApi.sent.set(`id-${name}`, new TextEncoder().encode(`content of ${name}`));
  return {
    ask: { kind: 'message', text: 'Look', files: names.map((name) => ({ file_id: `id-${name}`, name })) },
  };
}

/** @returns what the user reads of a file that is missing. */
function missing(reason: keyof typeof texts.fileMissing, name: string): string {
  return renderMarkdown(texts.fileMissing[reason](name)).text;
}

describe('a file of the user', () => {
  it('lies where the agent server looks before it is asked, and the request names it', async () => {
    scene.agent.script(answered('Nice.'));
    expect(await scene.handle(withFiles('a.pdf', 'b.pdf'))).toEqual(DONE);
    expect(scene.agent.calls[0]?.body).toMatchObject({
      user_message: 'Look',
      attachments: [
        { id: '812345678-0', name: 'a.pdf' },
        { id: '812345678-1', name: 'b.pdf' },
      ],
    });
    expect([...scene.stored].map(([key, content]) => [key, new TextDecoder().decode(content)])).toEqual([
      ['inbox/7123456789_0/812345678-0', 'content of a.pdf'],
      ['inbox/7123456789_0/812345678-1', 'content of b.pdf'],
    ]);
  });

  it('comes along when its message is answered together with an earlier one', async () => {
    const first = turnOf(withFiles('a.pdf'));
    const second = turnOf({ update_id: first.update_id + 1, message_id: 43, ...withFiles('b.pdf') });
    for (const turn of [first, second]) await scene.backlog.add(turn);
    scene.agent.script(answered('Nice.'));
    expect(await scene.handler().handle(first, 1)).toEqual(DONE);
    expect(scene.agent.calls).toMatchObject([
      { body: { user_message: 'Look\n\nLook', attachments: [{ name: 'a.pdf' }, { name: 'b.pdf' }] } },
    ]);
    expect(await scene.handler().handle(second, 1)).toEqual(DONE);
    expect(scene.agent.calls).toHaveLength(1);
  });

  it('of an album waits for the others, so that they are one question', async () => {
    const album = (name: string): Turn['ask'] => ({
      kind: 'message',
      text: name === 'a.jpg' ? 'Compare' : '',
      files: [{ file_id: `id-${name}`, name }],
      album: '1357',
    });
    withFiles('a.jpg', 'b.jpg');
    const first = turnOf({ ask: album('a.jpg') });
    const second = turnOf({ update_id: first.update_id + 1, ask: album('b.jpg') });
    await scene.backlog.add(first);
    scene.agent.script(answered('Alike.'));
    const handling = scene.handler(WHEN_COMPLETE, { albumWaitMs: 100 }).handle(first, 1);
    await scene.backlog.add(second);
    expect(await handling).toEqual(DONE);
    expect(scene.agent.calls).toMatchObject([
      { body: { user_message: 'Compare', attachments: [{ name: 'a.jpg' }, { name: 'b.jpg' }] } },
    ]);
  });

  it('that Telegram does not give out is the only thing that is missing, and model and user are told', async () => {
    const turn = withFiles('a.jpg', 'b.jpg', 'c`.jpg');
    scene.botApi.sent.delete('id-b.jpg');
    scene.botApi.sent.delete('id-c`.jpg');
    scene.agent.script(answered('One car.'));
    expect(await scene.handle(turn)).toEqual(DONE);
    expect(scene.agent.calls[0]?.body).toMatchObject({
      user_message: 'Look',
      attachments: [{ name: 'a.jpg' }],
      missing_files: [
        { name: 'b.jpg', reason: 'refused' },
        { name: 'c`.jpg', reason: 'refused' },
      ],
    });
    expect(scene.botApi.screen).toEqual([
      `${missing('refused', 'b.jpg')}\n${missing('refused', "c'.jpg")}\n\nOne car.`,
    ]);
  });

  it('that is too large is not fetched, and costs neither its words nor the messages beside it', async () => {
    const zip = { file_id: 'id-big.zip', name: 'big.zip', size: 25_000_000 };
    const ask = { kind: 'message' as const, text: 'Compare', files: [zip], album: '1357' };
    const first = turnOf({ ask });
    const second = turnOf({ update_id: first.update_id + 1, ...withFiles('a.txt') });
    for (const turn of [first, second]) await scene.backlog.add(turn);
    scene.agent.script(answered('Alike.'));
    expect(await scene.handler().handle(first, 1)).toEqual(DONE);
    expect(scene.agent.calls).toMatchObject([
      {
        body: {
          user_message: 'Compare\n\nLook',
          attachments: [{ name: 'a.txt' }],
          missing_files: [{ name: 'big.zip', reason: 'too_large' }],
        },
      },
    ]);
    expect(scene.botApi.screen).toEqual([`${missing('too_large', 'big.zip')}\n\nAlike.`]);
    expect(scene.botApi.payloads('getFile')).toEqual([{ file_id: 'id-a.txt' }]);
  });

  it('that is missing is told of also where the agent fails', async () => {
    const turn = withFiles('a.jpg');
    scene.botApi.sent.clear();
    scene.agent.script(failing('over_budget'));
    expect(await scene.handle(turn)).toEqual(DONE);
    expect(scene.botApi.screen).toEqual([
      `${missing('refused', 'a.jpg')}\n\nI could not answer: the spending limit is reached.`,
    ]);
  });

  it('without which nothing is left to ask ends the turn with a word', async () => {
    const turn = withFiles('a.pdf');
    scene.botApi.sent.clear();
    expect(await scene.handle({ ask: { ...turn.ask, text: '' } as Turn['ask'] })).toEqual(DONE);
    expect(scene.botApi.screen).toEqual([missing('refused', 'a.pdf')]);
    expect(scene.agent.calls).toEqual([]);
  });

  it('that cannot be had for a moment is had at the next try of the same delivery', async () => {
    scene.botApi.script(
      'getFile',
      refused(400, 'Bad Request: wrong file_id or the file is temporarily unavailable'),
    );
    scene.botApi.script('download', refused(502, 'Bad Gateway'));
    scene.agent.script(answered('Nice.'));
    expect(await scene.handle(withFiles('a.pdf'))).toEqual(DONE);
    expect(scene.agent.calls).toMatchObject([{ body: { attachments: [{ name: 'a.pdf' }] } }]);
    expect(scene.botApi.screen).toEqual(['Nice.']);
  });

  it('that cannot be had or stored now is tried again', async () => {
    scene.botApi.script('getFile', throttled(7));
    expect(await scene.handle(withFiles('a.pdf'))).toEqual(later(7_000));
    scene.botApi.script('download', ...Array<Answer>(3).fill(refused(502, 'Bad Gateway')));
    expect(await scene.handle(withFiles('a.pdf'))).toEqual(RETRY);
    const broken = { put: () => Promise.reject(new AttachmentStoreError()) };
    const handler = scene.handler(WHEN_COMPLETE, { attachments: broken });
    const turn = turnOf({ update_id: 9, ...withFiles('a.pdf') });
    // Our own store: the turn waits for it, and needs no try for that.
    for (const attempt of [1, 3])
      expect(await handler.handle(turn, attempt)).toEqual(later(attempt === 1 ? 2_000 : 6_000));
    expect(scene.agent.calls).toEqual([]);
    expect(scene.botApi.screen).toEqual([expect.stringMatching(/^Not yet: /)]);
  });

  it('that cannot be had in any try is missing in the end', async () => {
    const turn = turnOf(withFiles('a.pdf'));
    const triesOfOne = Array<Answer>(3).fill(refused(500, 'Internal Server Error'));
    scene.botApi.script('getFile', ...triesOfOne, ...triesOfOne);
    expect(await scene.handler().handle(turn, 1)).toEqual(RETRY);
    scene.agent.script(answered('Which file?'));
    expect(await scene.handler().handle(turn, MAX_TRIES)).toEqual(DONE);
    expect(scene.agent.calls).toMatchObject([
      { body: { user_message: 'Look', missing_files: [{ name: 'a.pdf', reason: 'unavailable' }] } },
    ]);
    expect(scene.botApi.screen).toEqual([`${missing('unavailable', 'a.pdf')}\n\nWhich file?`]);
  });

  it('stays missing, or there, for every later delivery: the agent is asked the same', async () => {
    const turn = turnOf(withFiles('a.pdf', 'b.pdf'));
    scene.botApi.sent.delete('id-b.pdf');
    scene.agent.script(DOWN, answered('Nice.'));
    expect(await scene.handler().handle(turn, 1)).toEqual(later(2_000));
    withFiles('b.pdf');
    scene.botApi.sent.delete('id-a.pdf');
    expect(await scene.handler().handle(turn, 2)).toEqual(DONE);
    const [first, second] = scene.agent.calls.map(({ body }) => body);
    expect(second).toEqual(first);
    expect(second).toMatchObject({ attachments: [{ name: 'a.pdf' }], missing_files: [{ name: 'b.pdf' }] });
    expect(scene.botApi.screen).toEqual([`${missing('refused', 'b.pdf')}\n\nNice.`]);
  });

  it.each([
    ['is not named again', true],
    ['is named again, where the session is gone,', false],
  ])('%s when the agent goes on after a pause; it is downloaded once', async (_, isSessionThere) => {
    await scene.knows(SESSION);
    const turn = turnOf(withFiles('a.pdf'));
    const { type, is_stopped, ...result } = FINISHED as Extract<typeof FINISHED, { type: 'finished' }>;
    scene.agent.script(
      streamed([ACCEPTED, { type: 'answer', text: 'One' }, { type: 'paused', ...result }]),
      answered('two'),
    );
    expect(await scene.handler().handle(turn, 1)).toMatchObject({ kind: 'later' });
    if (!isSessionThere) await scene.table.forget(sessionKeyOf(turn), SESSION);
    expect(await scene.handler().handle(turn, 1)).toEqual(DONE);
    expect(scene.agent.calls[1]?.body).toMatchObject(
      isSessionThere ? {} : { user_message: 'Look', attachments: [{ name: 'a.pdf' }] },
    );
    expect(scene.agent.calls.map(({ path }) => path)[1]).toBe(
      isSessionThere ? MESSAGE_PATH : '/session/create',
    );
    expect(JSON.stringify(scene.agent.calls[1]?.body).includes('attachments')).toBe(!isSessionThere);
    expect(scene.botApi.payloads('getFile')).toHaveLength(1);
  });
});

/** A run that sends these files, each with its own name as its content. */
function sending(...names: string[]): AgentAnswer {
  const files = names.map((name, index) => ({
    type: 'file' as const,
    file_id: `${FILE_ID}${index}`,
    name,
    size: name.length,
    caption: `caption of ${name}`,
  }));
  return streamed([ACCEPTED, { type: 'answer', text: 'Here.' }, ...files, FINISHED]);
}

function content(text: string): AgentAnswer {
  return () => new Response(text);
}

describe('a file of the agent', () => {
  const sent = (): string[] =>
    scene.botApi.documents.map(({ name, content: bytes }) => `${name}: ${new TextDecoder().decode(bytes)}`);

  it('arrives below the answer, under its name and with its caption', async () => {
    scene.agent.script(sending('my report.md'), content('my report.md'));
    expect(await scene.handle()).toEqual(DONE);
    expect(scene.botApi.screen).toEqual(['Here.', 'caption of my report.md']);
    expect(sent()).toEqual(['my report.md: my report.md']);
  });

  it('is fetched from the session that made it, with its conversation', async () => {
    scene.agent.script(sending('a.md'), content('a.md'));
    expect(await scene.handle()).toEqual(DONE);
    const { path, headers } = scene.agent.calls[1] ?? {};
    expect(path).toBe(`/session/${SESSION}/outbox/${FILE_ID}0`);
    expect(headers?.get('x-session-key')).toBe(sessionKeyOf(turnOf()));
    expect(scene.botApi.payloads('sendDocument')).toMatchObject([
      { chat_id: '7123456789', caption: 'caption of a.md' },
    ]);
  });

  it('that was delivered is not sent again, and neither the answer', async () => {
    const turn = turnOf();
    scene.agent.script(sending('a.md', 'b.md'), content('a.md'), DOWN);
    expect(await scene.handler().handle(turn, 1)).toEqual(later(2_000));
    expect(sent()).toEqual(['a.md: a.md']);
    scene.agent.script(content('b.md'));
    expect(await scene.handler().handle(turn, 2)).toEqual(DONE);
    expect(sent()).toEqual(['a.md: a.md', 'b.md: b.md']);
    expect(scene.botApi.payloads('sendMessage')).toHaveLength(1);
    expect(scene.measures.filter(([measure]) => measure === 'UndecidableSends')).toEqual([]);
  });

  it('whose arrival nobody knows is sent again, and counted', async () => {
    const turn = turnOf();
    scene.agent.script(sending('a.md'), content('a.md'), content('a.md'));
    scene.botApi.script('sendDocument', LOST);
    expect(await scene.handler().handle(turn, 1)).toEqual(RETRY);
    expect(await scene.handler().handle(turn, 2)).toEqual(DONE);
    expect(sent()).toEqual(['a.md: a.md', 'a.md: a.md']);
    expect(scene.measures).toContainEqual(['UndecidableSends', 1]);
  });

  it.each(['agent_unavailable', 'store_unavailable'] as const)(
    'is waited for while it is %s',
    async (code) => {
      const turn = turnOf();
      scene.agent.script(sending('a.md'), refusing(code), content('a.md'));
      expect(await scene.handler().handle(turn, 1)).toEqual(later(2_000));
      expect(await scene.handler().handle(turn, 1)).toEqual(DONE);
      expect(sent()).toEqual(['a.md: a.md']);
    },
  );

  it('is waited for while Telegram is away, and tried again when only the file fails', async () => {
    const turn = turnOf();
    scene.agent.script(sending('a.md'), content('a.md'), content('a.md'), content('a.md'));
    scene.botApi.script('sendDocument', UNREACHABLE, UNREACHABLE);
    scene.botApi.script('getMe', UNREACHABLE);
    expect(await scene.handler().handle(turn, 1)).toEqual(later(2_000));
    expect(await scene.handler().handle(turn, 1)).toEqual(RETRY);
    expect(await scene.handler().handle(turn, 2)).toEqual(DONE);
    expect(sent()).toEqual(['a.md: a.md']);
  });

  it('is put off as long as Telegram says', async () => {
    scene.agent.script(sending('a.md'), content('a.md'));
    scene.botApi.script('sendDocument', throttled(7));
    expect(await scene.handle()).toEqual(later(7_000));
  });

  it('that Telegram refuses or the store has lost is spoken of, and the others arrive', async () => {
    scene.agent.script(
      sending('a.md', 'b.md', 'c.md'),
      content('a.md'),
      refusing('not_found'),
      content('c.md'),
    );
    scene.botApi.script('sendDocument', refused(400, 'Bad Request: file type is not allowed'));
    expect(await scene.handle()).toEqual(DONE);
    expect(scene.botApi.screen).toEqual([
      'Here.',
      texts.fileRefused('a.md'),
      texts.fileLost('b.md'),
      'caption of c.md',
    ]);
  });

  it('that is lost is not spoken of by a worker that was overtaken meanwhile', async () => {
    const turn = turnOf();
    scene.agent.script(sending('a.md'), async () => {
      await TurnProgress.resume(scene.ledger, turn.update_id);
      return refusing('not_found')();
    });
    await expect(scene.handler().handle(turn, 1)).rejects.toMatchObject({ code: 'turn_taken_over' });
    expect(scene.botApi.screen).toEqual(['Here.']);
  });

  it('is taken back by a worker that was overtaken while it sent: the other one has sent it again', async () => {
    const turn = turnOf();
    scene.botApi.script('sendDocument', async (usual) => {
      const answer = await usual();
      scene.agent.script(content('a.md'));
      expect(await scene.handler().handle(turn, 2)).toEqual(DONE);
      expect(scene.botApi.screen).toEqual(['Here.', 'caption of a.md', 'caption of a.md']);
      return answer;
    });
    scene.agent.script(sending('a.md'), content('a.md'));
    await expect(scene.handler().handle(turn, 1)).rejects.toMatchObject({ code: 'turn_taken_over' });
    expect(scene.botApi.screen).toEqual(['Here.', 'caption of a.md']);
  });

  it('stays when it was written down before the other one went on', async () => {
    const turn = turnOf();
    const { ledger } = scene;
    let isFrozen = false;
    const frozenAfterWriting: TurnLedger = {
      find: (updateId) => ledger.find(updateId),
      save: async (updateId, record) => {
        const isSaved = await ledger.save(updateId, record);
        if (record.state !== 'answered' || record.filesDelivered !== 1 || isFrozen) return isSaved;
        isFrozen = true;
        expect(await scene.handler().handle(turn, 2)).toEqual(DONE);
        throw new Error('The answer was lost');
      },
    };
    scene.agent.script(sending('a.md'), content('a.md'));
    const handling = scene.handler(WHEN_COMPLETE, { ledger: frozenAfterWriting }).handle(turn, 1);
    await expect(handling).rejects.toMatchObject({ code: 'turn_taken_over' });
    expect(scene.botApi.screen).toEqual(['Here.', 'caption of a.md']);
  });

  it('that is not whole is not sent', async () => {
    scene.agent.script(sending('a.md'), content('a.'));
    expect(await scene.handle()).toEqual(RETRY);
    expect(sent()).toEqual([]);
  });

  it('of a run that was paused arrives with the end of the answer', async () => {
    const turn = turnOf();
    const { type, is_stopped, ...result } = FINISHED as Extract<typeof FINISHED, { type: 'finished' }>;
    const file = { type: 'file' as const, file_id: `${FILE_ID}0`, name: 'a.md', size: 4 };
    scene.agent.script(
      streamed([ACCEPTED, { type: 'answer', text: 'One' }, file, { type: 'paused', ...result }]),
    );
    await scene.handler().handle(turn, 1);
    scene.agent.script(answered('two'), content('a.md'));
    expect(await scene.handler().handle(turn, 1)).toEqual(DONE);
    expect(sent()).toEqual(['a.md: a.md']);
  });

  it('of a run that failed is not sent', async () => {
    scene.agent.script(failing('model_refused'));
    expect(await scene.handle()).toEqual(DONE);
    expect(sent()).toEqual([]);
  });
});
