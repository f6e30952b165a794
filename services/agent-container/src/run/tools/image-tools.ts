// agent/tools.json and the model in agent/settings.json → what the agent may use
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** Background work, schedules, worktrees and plans are not offered: they outlive a turn, or ask somebody who is not there. */
const FILE_TOOLS = ['Read', 'Write', 'Edit', 'Glob', 'Grep'] as const;
const OWN_TOOLS = ['Skill', 'Agent', 'TaskCreate', 'TaskGet', 'TaskList', 'TaskUpdate'] as const;
/** Off unless they are listed. WebSearch runs at Anthropic and does not exist on Bedrock. */
const WEB_TOOLS = ['WebFetch', 'WebSearch'] as const;

const toolsFile = z.strictObject({
  /** The hook decides before it; bypassPermissions is left out, so that a hook that fails opens nothing. */
  permissionMode: z.enum(['dontAsk', 'default', 'acceptEdits']).default('dontAsk'),
  tools: z.array(z.enum([...FILE_TOOLS, ...OWN_TOOLS, ...WEB_TOOLS])).default([...FILE_TOOLS, ...OWN_TOOLS]),
});
const settingsFile = z.looseObject({ model: z.string().trim().min(1).optional() });

/** What the image's own files say about tools. The shell is none of them: `AGENT_SHELL` turns it on. */
export interface ImageTools {
  readonly permissionMode: z.infer<typeof toolsFile>['permissionMode'];
  readonly tools: z.infer<typeof toolsFile>['tools'];
  /** `model` of settings.json: an alias or an id. */
  readonly model: string | undefined;
}

/**
 * Either file may be missing; the file tools and the CLI's own model are what there is then.
 * tools.json is ours, not the CLI's: a tool that the CLI's settings allow would be allowed everywhere once the hook fails.
 * @throws when one is not what it should be.
 */
export async function readImageTools(folder: string): Promise<ImageTools> {
  const [tools, settings] = await Promise.all(
    ['tools.json', 'settings.json'].map((name) => readJson(join(folder, name))),
  );
  return { ...toolsFile.parse(tools), model: settingsFile.parse(settings).model };
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
}
