import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Options, query, type SDKUserMessage } from '@anthropic-ai/claude-agent-sdk';
import { afterEach, beforeEach } from 'vitest';
import { parseAgentConfig } from '@omnicloud/agent-container/internal/config.ts';
import { cliEnvironment } from '@omnicloud/agent-container/internal/run/cli/cli-environment.ts';
import { DirectorySessionStore } from '@omnicloud/agent-container/internal/session/store/directory-session-store.ts';
import { persist } from '@omnicloud/agent-container/internal/session/persist.ts';
import { removeForeign } from '@omnicloud/agent-container/internal/session/home/remove-foreign.ts';
import { readStoredSession, restore } from '@omnicloud/agent-container/internal/session/restore.ts';
import {
  type SessionHome,
  sessionHome,
} from '@omnicloud/agent-container/internal/session/home/session-home.ts';
import { type ScriptedModel, startScriptedModel } from '../fakes/scripted-model.ts';

const ID = '0190c8a4-0000-4000-8000-000000000001';
const CONFIG = parseAgentConfig({
  PATH: process.env.PATH ?? '',
  CLAUDE_CODE_USE_BEDROCK: '1',
  AWS_REGION: 'us-east-1',
  ANTHROPIC_DEFAULT_OPUS_MODEL: 'anthropic.flow-opus-v1:0',
  ANTHROPIC_DEFAULT_SONNET_MODEL: 'anthropic.flow-sonnet-v1:0',
  ANTHROPIC_DEFAULT_HAIKU_MODEL: 'anthropic.flow-haiku-v1:0',
});
/** The defaults of a run lack what this CLI can keep when an image or a caller turns it on. */
const EVERYTHING_ON = { CLAUDE_CODE_DISABLE_AUTO_MEMORY: '0', IS_SANDBOX: '1' };
/** A subagent with a memory of its own. */
const KEEPER = '---\nname: keeper\ndescription: Keeps notes\nmemory: user\n---\nYou keep notes.\n';

type CliQuery = ReturnType<typeof query>;

/** A machine with the real CLI, our restore and our persist, and nothing of the rest: so it may be told what no run of ours is told. */
export interface CliMachine {
  readonly home: SessionHome;
  /** @returns the id of the message that said this, as the stored conversation has it. */
  messageId(says: string): Promise<string>;
  /** Restores the session, says this to the CLI, does what is given while it still runs, and saves. */
  turn(says: string, options?: Options, meanwhile?: (session: CliQuery) => Promise<unknown>): Promise<void>;
}

export interface CliMachines {
  readonly model: ScriptedModel;
  /** @returns a machine with an empty disk and a work folder of its own, which shares its store with the others. */
  newMachine(): Promise<CliMachine>;
  /** @returns what the model is sent of a conversation when the CLI goes on with it, undefined when the CLI knows no conversation in it. */
  told(transcript: Uint8Array): Promise<string | undefined>;
}

/** Registers the set-up and tear-down for every test of the file. */
export function useCliMachines(): CliMachines {
  let root = '';
  const machines = {
    newMachine: () => newMachine(root, machines.model.baseUrl),
    told: (transcript) => told(root, machines.model, transcript),
  } as CliMachines & { model: ScriptedModel };
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'omnicloud-machines-'));
    machines.model = await startScriptedModel();
  });
  afterEach(async () => {
    await machines.model.close();
    await rm(root, { recursive: true, force: true });
  });
  return machines;
}

async function told(root: string, model: ScriptedModel, transcript: Uint8Array): Promise<string | undefined> {
  const home = sessionHome(await mkdtemp(join(root, 'machine-')), ID);
  for (const folder of [home.workspace, home.userHome, dirname(home.transcript)])
    await mkdir(folder, { recursive: true });
  await writeFile(home.transcript, transcript);
  const session = query({
    prompt: 'What do you know?',
    options: {
      cwd: home.workspace,
      env: { ...cliEnvironment(CONFIG, home, model.baseUrl), ...EVERYTHING_ON },
      settingSources: [],
      tools: ['Bash'],
      resume: ID,
    },
  });
  try {
    for await (const message of session) if (message.type === 'result' && message.is_error) return undefined;
  } catch (error) {
    // The SDK throws once more what the CLI said.
    if (String(error).includes('No conversation found')) return undefined;
    throw error;
  }
  // Its own folder, of which the CLI tells, says whose request it is.
  const request = model.requests.find(({ body }) => JSON.stringify(body).includes(home.workspace));
  return JSON.stringify(request?.body.messages);
}

async function newMachine(root: string, modelUrl: string): Promise<CliMachine> {
  const store = new DirectorySessionStore(join(root, 'objects'));
  const disk = await mkdtemp(join(root, 'machine-'));
  const home = sessionHome(join(disk, 'work'), ID);
  const image = join(disk, 'image');
  for (const folder of ['agents', 'skills']) await mkdir(join(image, folder), { recursive: true });
  for (const [file, content] of Object.entries({
    'settings.json': '{}',
    'CLAUDE.md': '',
    'agents/keeper.md': KEEPER,
  }))
    await writeFile(join(image, file), content);
  return {
    home,
    async messageId(says) {
      const { conversation } = await readStoredSession(store, ID);
      const lines = Buffer.from(conversation ?? '')
        .toString()
        .trimEnd()
        .split('\n');
      const entries = lines.map(
        (line) => JSON.parse(line) as { uuid?: string; message?: { content?: unknown } },
      );
      const found = entries.find(({ message }) => JSON.stringify([message?.content]).includes(says));
      if (found?.uuid === undefined) throw new Error(`Nobody says ${says}`);
      return found.uuid;
    },
    async turn(says, options = {}, meanwhile = () => Promise.resolve()) {
      const stored = await readStoredSession(store, ID);
      await restore(stored, home, { imageFolder: image });
      const ended = Promise.withResolvers<undefined>();
      const messages = async function* (): AsyncGenerator<SDKUserMessage> {
        yield { type: 'user', message: { role: 'user', content: says }, parent_tool_use_id: null };
        await ended.promise;
      };
      const session = query({
        prompt: messages(),
        options: {
          cwd: home.workspace,
          env: { ...cliEnvironment(CONFIG, home, modelUrl), ...EVERYTHING_ON },
          settingSources: ['user'],
          permissionMode: 'bypassPermissions',
          debugFile: home.debugLog,
          ...(stored.conversation ? { resume: ID } : { sessionId: ID }),
          ...options,
        },
      });
      for await (const message of session) {
        if (message.type !== 'result') continue;
        await meanwhile(session);
        ended.resolve(undefined);
      }
      await removeForeign(home);
      await persist(home, store, { before: stored.version, files: stored.files });
    },
  };
}
