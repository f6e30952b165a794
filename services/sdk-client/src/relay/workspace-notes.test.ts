import type { WorkspaceFigures } from '@omnicloud/protocol';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ACCEPTED, type AgentAnswer, FINISHED, SESSION, streamed } from './agent/agent-server.fixture.ts';
import { RelayScene } from './relay-scene.fixture.ts';
import { turnOf } from '../turn/turn.fixture.ts';

const CHINESE = { ...turnOf().sender, language_code: 'zh-hans' };
const FIGURES: WorkspaceFigures = { files: 2, bytes: 9, skipped: 0, is_over_limit: false };

let scene: RelayScene;
beforeEach(async () => {
  scene = await RelayScene.open();
});
afterEach(() => scene.close());

function ending(type: 'finished' | 'paused', changes: Partial<WorkspaceFigures>, text = 'Ja.'): AgentAnswer {
  const end = { ...FINISHED, type, workspace: { ...FIGURES, ...changes } } as typeof FINISHED;
  return streamed([ACCEPTED, { type: 'answer', text }, end]);
}

it.each([
  [{}, 'Ja.', 'Ja.'],
  [
    { is_over_limit: true },
    'Ja.\n\nThe files are over the size limit: the largest were not saved and may be gone later. Delete some to make room.',
    'Ja.\n\n文件超出了大小上限：最大的那些没有保存，之后可能会丢失。请删除一些以腾出空间。',
  ],
  [
    { lost: 1 },
    'One saved file could not be brought back: it is missing or damaged in the store.\n\nJa.',
    '有 1 个保存过的文件没能恢复：它们在存储中缺失或已损坏。\n\nJa.',
  ],
  [
    { lost: 12 },
    '12 saved files could not be brought back: they are missing or damaged in the store.\n\nJa.',
    '有 12 个保存过的文件没能恢复：它们在存储中缺失或已损坏。\n\nJa.',
  ],
  [
    { is_list_lost: true },
    'The saved files of this conversation could not be brought back: their list is missing or damaged in the store.\n\nJa.',
    '这个对话保存过的文件没能恢复：文件清单在存储中缺失或已损坏。\n\nJa.',
  ],
])('What happened to the files, %j, stands with the answer', async (figures, english, chinese) => {
  scene.agent.script(ending('finished', figures), ending('finished', figures));
  await scene.handle();
  await scene.handle({ sender: CHINESE });
  expect(scene.botApi.screen).toEqual([english, chinese]);
});

it('An answer in several runs says once that the files are over the limit, below all of it', async () => {
  await scene.knows(SESSION);
  scene.agent.script(
    ending('paused', { is_over_limit: true, lost: 2 }, 'First half.'),
    ending('finished', { is_over_limit: true }, 'Second half.'),
  );
  const turn = turnOf();
  expect(await scene.handler().handle(turn, 1)).toMatchObject({ kind: 'later' });
  await scene.handler().handle(turn, 2);
  expect(scene.botApi.screen).toEqual([
    [
      '2 saved files could not be brought back: they are missing or damaged in the store.',
      'First half.',
      'Second half.',
      'The files are over the size limit: the largest were not saved and may be gone later. Delete some to make room.',
    ].join('\n\n'),
  ]);
});

it('A conversation that was summed up, and servers that do not answer, are told of above the answer', async () => {
  scene.agent.script(
    streamed([
      ACCEPTED,
      { type: 'notice', notice: 'compacted' },
      { type: 'notice', notice: 'servers_missing', servers: ['mute', 'g`ne'] },
      { type: 'answer', text: 'Ja.' },
      FINISHED,
    ]),
  );
  await scene.handle();
  expect(scene.botApi.screen).toEqual([
    [
      'This conversation has become long, so I summed up its older part; I may not know every detail of it any more.',
      "These servers do not answer, so I do without their tools: mute, g'ne",
      'Ja.',
    ].join('\n\n'),
  ]);
});
