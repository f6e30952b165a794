// the body of a call to Anthropic's API → may its model be called, and does it keep Anthropic from reaching elsewhere?
import { z } from 'zod';
import type { ModelPolicy } from './model-policy.ts';

const bodySchema = z.looseObject({
  model: z.string(),
  tools: z.array(z.looseObject({ type: z.string().nullish() })).optional(),
  mcp_servers: z.array(z.unknown()).max(0).optional(),
  container: z.null().optional(),
});

/** Tools that Anthropic runs itself and that reach the web or run code there: https://docs.claude.com/en/api/messages */
const RUN_BY_ANTHROPIC = /^(web_fetch|web_search|code_execution|mcp)/;

/**
 * Bedrock names the model in the path and runs no tools; Anthropic has both in the body. A caller inside a sandbox without
 * a network must not get one by way of tools that run at Anthropic.
 * @param isWebSearchOn the CLI's own WebSearch is such a tool
 */
export function judgeBody(
  body: Buffer,
  allows: ModelPolicy,
  isWebSearchOn: boolean,
): { allow: true } | { allow: false; reason: string } {
  const parsed = bodySchema.safeParse(parseJson(body.toString('utf8')));
  if (!parsed.success) return { allow: false, reason: 'The request is not one that this proxy lets through' };
  const { model, tools = [] } = parsed.data;
  if (!allows(model)) return { allow: false, reason: 'This model is not among the configured ones' };
  const refused = tools.find(({ type }) => {
    const runs = RUN_BY_ANTHROPIC.exec(type ?? '')?.[1];
    return runs !== undefined && !(runs === 'web_search' && isWebSearchOn);
  });
  if (refused) return { allow: false, reason: 'Tools that the model provider runs are switched off' };
  return { allow: true };
}

/** @returns `undefined` for what is not JSON, which the schema refuses. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
