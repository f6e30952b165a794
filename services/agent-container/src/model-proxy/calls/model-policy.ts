// a model id → does this server's configuration name it, or, for an alias it leaves to the CLI, is it of that family?

/** Says which models may be called through the proxy. */
export type ModelPolicy = (modelId: string) => boolean;

/** The model ids that the configuration names; an absent alias is the CLI's own default. */
export interface NamedModels {
  readonly opus?: string;
  readonly sonnet?: string;
  readonly haiku?: string;
}

const ALIASES = ['opus', 'sonnet', 'haiku'] as const;

/** The CLI asks for a wider context by a suffix that it does not send. */
const CONTEXT_SUFFIX = /\[\w+\]$/;

/**
 * The CLI's own defaults, by family, as CLI 2.1.330 names them: `claude-sonnet-5-5`, and on Bedrock
 * `anthropic.claude-…` behind the area of an inference profile (`us.`, `eu.`, `us-gov.`, `global.`).
 */
const DEFAULT_IDS: Record<(typeof ALIASES)[number], RegExp> = {
  opus: /^(?:(?:[a-z]{2,8}(?:-[a-z]{2,8})?\.)?anthropic\.)?claude-(?:[0-9-]+)?opus[a-z0-9.:-]*$/,
  sonnet: /^(?:(?:[a-z]{2,8}(?:-[a-z]{2,8})?\.)?anthropic\.)?claude-(?:[0-9-]+)?sonnet[a-z0-9.:-]*$/,
  haiku: /^(?:(?:[a-z]{2,8}(?:-[a-z]{2,8})?\.)?anthropic\.)?claude-(?:[0-9-]+)?haiku[a-z0-9.:-]*$/,
};

/**
 * @param models ids behind the aliases: where one is given, no other model of that family is allowed.
 * @param others further ids or aliases that the configuration or the image names.
 */
export function modelPolicy(models: NamedModels, others: readonly (string | undefined)[] = []): ModelPolicy {
  const aliased = ALIASES.map((alias) => models[alias]);
  const named = [...aliased, ...others].filter((id) => id !== undefined);
  const exact = new Set(named.map((id) => id.replace(CONTEXT_SUFFIX, '')));
  const families = ALIASES.filter((alias) => models[alias] === undefined).map((alias) => DEFAULT_IDS[alias]);
  return (modelId) => exact.has(modelId) || families.some((family) => family.test(modelId));
}
