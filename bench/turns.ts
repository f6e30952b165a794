// one message after another: a plain call of the Agent SDK | the same as a turn of the agent server → how long until the first text and to the end
import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { query } from '@anthropic-ai/claude-agent-sdk';
import { decodeEvents, messagePath, NDJSON_MEDIA_TYPE, routes } from '@omnicloud/protocol';
import type { AgentServer } from '@omnicloud/agent-container';
import { openContainer } from '@omnicloud/agent-container/internal/open-container.ts';
import {
  type ContainerConfig,
  parseAgentEnvironment,
} from '@omnicloud/agent-container/internal/container-config.ts';
import { type AgentImage, readAgentImage } from '@omnicloud/agent-container/internal/run/agent-image.ts';
import { cliEnvironment } from '@omnicloud/agent-container/internal/run/cli/cli-environment.ts';
import { sessionHome } from '@omnicloud/agent-container/internal/session/home/session-home.ts';
import { type ScriptedModel, startScriptedModel } from '../test/fakes/scripted-model.ts';
import { inMs, median, printTable, times } from './measure.ts';

const TOKEN = 'the-token-of-the-benchmark';
const SAYS = 'Say ok';

/** In ms since the call. */
interface Taken {
  readonly firstText: number;
  readonly end: number;
  /** Of a turn of ours: what its terminal event says of its parts. */
  readonly parts?: { readonly restore: number; readonly run: number; readonly persist: number };
}

const KINDS = ['first turn', 'resumed turn', 'resumed turn, nothing on the disk'] as const;
type Kind = (typeof KINDS)[number];

/** @returns the median of a plain first call, in ms, as the unit for other figures. */
export async function compareTurns(root: string, rounds: number, path: string): Promise<number> {
  const model = await startScriptedModel();
  const dataDir = join(root, 'data');
  const machine = (name: string): ContainerConfig =>
    configOf(model, { dataDir, workRoot: join(root, name), path });
  const [here, elsewhere] = [machine('here'), machine('elsewhere')];
  const log = { info: () => undefined, error: fail, within: <T>(_: unknown, work: () => T): T => work() };
  const servers = [
    await openContainer(here, log, false),
    await openContainer(elsewhere, log, false),
  ] as const;
  const image = await readAgentImage();
  const plain: Taken[][] = [[], []];
  const ours: Record<Kind, Taken[]> = {
    'first turn': [],
    'resumed turn': [],
    'resumed turn, nothing on the disk': [],
  };
  try {
    // The first round of each only warms what any later one finds warm: the CLI in the page cache, the model proxy.
    for (let round = -1; round < rounds; round += 1) {
      const id = randomUUID();
      const taken = {
        plainFirst: await plainCall(here, { image, model, id, isResumed: false }),
        first: await turn(servers[0], routes.create, { chat_id: String(round), user_message: SAYS }),
        plainResumed: await plainCall(here, { image, model, id, isResumed: true }),
      };
      const resume = messagePath(taken.first.sessionId);
      const resumed = await turn(servers[0], resume, { user_message: SAYS });
      await rm(elsewhere.workRoot, { recursive: true, force: true });
      const moved = await turn(servers[1], resume, { user_message: SAYS });
      if (round < 0) continue;
      plain[0]?.push(taken.plainFirst);
      plain[1]?.push(taken.plainResumed);
      for (const [index, one] of [taken.first, resumed, moved].entries())
        ours[KINDS[index] ?? KINDS[0]].push(one);
    }
  } finally {
    for (const server of servers) await server.close();
    await model.close();
  }
  print(plain, ours);
  return median((plain[0] ?? []).map(({ end }) => end));
}

function configOf(
  model: ScriptedModel,
  { dataDir, workRoot, path }: { readonly dataDir: string; readonly workRoot: string; readonly path: string },
): ContainerConfig {
  return parseAgentEnvironment({
    PATH: path,
    DATA_DIR: dataDir,
    WORK_ROOT: workRoot,
    SDK_CLIENT_AUTH_TOKEN: TOKEN,
    CLAUDE_CODE_USE_BEDROCK: '1',
    BEDROCK_REGION: 'us-east-1',
    BEDROCK_ACCESS_KEY_ID: 'AKIABENCHMARK',
    BEDROCK_SECRET_ACCESS_KEY: 'not-a-key',
    ANTHROPIC_BEDROCK_BASE_URL: model.baseUrl,
    ANTHROPIC_DEFAULT_OPUS_MODEL: 'anthropic.bench-opus-v1:0',
    ANTHROPIC_DEFAULT_SONNET_MODEL: 'anthropic.bench-sonnet-v1:0',
    ANTHROPIC_DEFAULT_HAIKU_MODEL: 'anthropic.bench-haiku-v1:0',
  });
}

/** The Agent SDK with nothing around it: no restore, hook, proxy or save. What it asks the model is the same. */
async function plainCall(
  { agent, workRoot }: ContainerConfig,
  {
    image,
    model,
    id,
    isResumed,
  }: {
    readonly image: AgentImage;
    readonly model: ScriptedModel;
    readonly id: string;
    readonly isResumed: boolean;
  },
): Promise<Taken> {
  const home = sessionHome(join(workRoot, '..', 'plain'), id);
  for (const folder of [home.workspace, home.config, home.userHome]) await mkdir(folder, { recursive: true });
  const start = performance.now();
  let firstText: number | undefined;
  const messages = query({
    prompt: SAYS,
    options: {
      cwd: home.workspace,
      env: cliEnvironment(agent, home, model.baseUrl),
      systemPrompt: image.systemPrompt,
      settingSources: [],
      model: 'sonnet',
      tools: [...image.tools],
      includePartialMessages: true,
      ...(isResumed ? { resume: id } : { sessionId: id }),
    },
  });
  for await (const message of messages)
    if (message.type === 'stream_event' && message.event.type === 'content_block_delta')
      firstText ??= performance.now() - start;
  return { firstText: firstText ?? NaN, end: performance.now() - start };
}

async function turn(server: AgentServer, path: string, body: object): Promise<Taken & { sessionId: string }> {
  const start = performance.now();
  const response = await server.fetch(
    new Request(`http://127.0.0.1${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, accept: NDJSON_MEDIA_TYPE },
      body: JSON.stringify(body),
    }),
  );
  if (!response.body) throw new Error('The answer has no body');
  let firstText: number | undefined;
  for await (const event of decodeEvents(response.body)) {
    if (event.type === 'text') firstText ??= performance.now() - start;
    if (event.type === 'failed') throw new Error(event.error.message);
    if (event.type !== 'finished') continue;
    const { session_id: sessionId, duration_ms: parts } = event;
    return { sessionId, parts, firstText: firstText ?? NaN, end: performance.now() - start };
  }
  throw new Error('The turn did not finish');
}

function print(plain: readonly Taken[][], ours: Record<Kind, Taken[]>): void {
  const rows = KINDS.map((kind, index) => {
    const [theirs, own] = [plain[Math.min(index, 1)] ?? [], ours[kind]];
    const of = (taken: readonly Taken[], figure: (one: Taken) => number): number => median(taken.map(figure));
    const [plainText, text] = [of(theirs, (one) => one.firstText), of(own, (one) => one.firstText)];
    const [plainEnd, end] = [of(theirs, (one) => one.end), of(own, (one) => one.end)];
    const part = (name: 'restore' | 'run' | 'persist'): string =>
      inMs(of(own, ({ parts }) => parts?.[name] ?? NaN));
    return [
      kind,
      inMs(plainText),
      inMs(text),
      times(text / plainText),
      inMs(plainEnd),
      inMs(end),
      times(end / plainEnd),
      ...(['restore', 'run', 'persist'] as const).map(part),
    ];
  });
  printTable(
    'A turn, against a plain call of the Agent SDK (medians)',
    ['', 'text: plain', 'ours', 'ratio', 'end: plain', 'ours', 'ratio', 'restore', 'run', 'persist'],
    rows,
  );
}

function fail(what: string, error: unknown): never {
  throw new Error(`${what} failed`, { cause: error });
}
