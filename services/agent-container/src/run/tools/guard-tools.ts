// a tool call of the CLI, a subagent's too → within the session's bounds? on the image's list? → allow, or deny with the reason
import { isIP } from 'node:net';
import type { Options } from '@anthropic-ai/claude-agent-sdk';
import { z } from 'zod';
import { type Bounds, judgeToolCall, type Verdict } from './confine-tools.ts';
import type { ImageTools } from './image-tools.ts';

type Hook = NonNullable<NonNullable<Options['hooks']>['PreToolUse']>[number]['hooks'][number];

/**
 * The permission mode denies what nobody allowed; this hook allows what stays within the bounds, and denies the rest.
 * @param isOffline whether the CLI reaches nothing but the model.
 */
export function guardTools(bounds: Bounds, tools: ImageTools['tools'], isOffline = false): Hook {
  return async (input) => {
    if (input.hook_event_name !== 'PreToolUse') return {};
    const { tool_name: name, tool_input: toolInput } = input;
    const isWebTool = (name === 'WebFetch' || name === 'WebSearch') && tools.includes(name);
    const verdict = isWebTool
      ? judgeWebCall(name, toolInput, isOffline)
      : await judgeToolCall(name, toolInput, bounds);
    return {
      hookSpecificOutput: {
        hookEventName: 'PreToolUse',
        permissionDecision: verdict.allow ? 'allow' : 'deny',
        ...(verdict.allow ? {} : { permissionDecisionReason: verdict.reason }),
      },
    };
  };
}

const fetchInput = z.looseObject({ url: z.url({ protocol: /^https?$/ }) });

/**
 * WebSearch reaches the model's provider alone; WebFetch runs in the CLI, which stands inside our network: it may ask names
 * of the public web, and neither addresses nor the names of this machine. What a public name resolves to is not looked at.
 */
export function judgeWebCall(name: 'WebFetch' | 'WebSearch', input: unknown, isOffline = false): Verdict {
  if (name === 'WebSearch') return { allow: true };
  if (isOffline)
    return {
      allow: false,
      reason: 'WebFetch reaches nothing here: the agent has no network (AGENT_NETWORK=on).',
    };
  const parsed = fetchInput.safeParse(input);
  if (!parsed.success) return { allow: false, reason: 'WebFetch was called without an http(s) URL.' };
  const host = new URL(parsed.data.url).hostname.replace(/\.$/, '');
  const isPublicName =
    isIP(host.replace(/^\[|\]$/g, '')) === 0 &&
    host.includes('.') &&
    !/\.(local|localhost|internal|home\.arpa)$/.test(host);
  if (isPublicName) return { allow: true };
  return { allow: false, reason: 'WebFetch may reach hosts of the public web only, by their names.' };
}
