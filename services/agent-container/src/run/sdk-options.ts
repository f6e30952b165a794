import type { Options } from '@anthropic-ai/claude-agent-sdk';
import type { AgentConfig } from '../config.ts';
import type { SessionHome } from '../session/home/session-home.ts';
import type { AgentImage } from './agent-image.ts';
import { cliEnvironment } from './cli/cli-environment.ts';
import { type Bounds } from './tools/confine-tools.ts';
import { guardTools } from './tools/guard-tools.ts';

/**
 * @param modelUrl the base URL of the run's grant at the model proxy.
 * @param isOffline whether the CLI itself reaches nothing but that.
 * @returns what every run of the CLI is told, whichever conversation it goes on with.
 */
export function sdkOptions(
  config: AgentConfig,
  {
    image,
    home,
    bounds,
    modelUrl,
    isOffline,
  }: {
    readonly image: AgentImage;
    readonly home: SessionHome;
    readonly bounds: Bounds;
    readonly modelUrl: string;
    readonly isOffline: boolean;
  },
): Options {
  const { tools, permissionMode } = image;
  const { isShellOn, model, turnBudgetUsd } = config;
  return {
    cwd: home.workspace,
    env: cliEnvironment(config, home, modelUrl),
    systemPrompt: image.systemPrompt,
    settingSources: ['user'],
    settings: {
      // The CLI would sweep what a restore just laid out, judging by its age.
      cleanupPeriodDays: 99_999,
      // Only the image's own: the CLI's are about itself, and some run git or ask for a shell.
      disableBundledSkills: true,
      disableSkillShellExecution: !isShellOn,
    },
    tools: isShellOn ? [...tools, 'Bash'] : [...tools],
    plugins: image.plugins.map((path) => ({ type: 'local', path })),
    strictMcpConfig: true,
    mcpServersDelivery: 'initialize',
    permissionMode,
    permissionPrompts: 'none',
    hooks: { PreToolUse: [{ hooks: [guardTools(bounds, tools, isOffline)] }] },
    includePartialMessages: true,
    // Otherwise "@/etc/passwd" in a user's message puts that file into the prompt, past every permission, and "/clear" is obeyed.
    verbatimPrompts: true,
    debugFile: home.debugLog,
    ...(turnBudgetUsd === undefined ? {} : { maxBudgetUsd: turnBudgetUsd }),
    ...(model === undefined ? {} : { model }),
  };
}
