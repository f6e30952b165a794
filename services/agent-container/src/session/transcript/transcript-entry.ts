import { z } from 'zod';
import { outlineLine } from './outline-line.ts';

/** A block of a message, as far as the shape of a conversation depends on it. */
const contentBlock = z.object({
  type: z.string(),
  /** Of a `tool_use`. */
  id: z.string().nullish(),
  /** Of a `tool_result`: the call it answers. */
  tool_use_id: z.string().nullish(),
});
type ContentBlock = z.infer<typeof contentBlock>;

const message = z.object({
  content: z.union([z.string().transform((): ContentBlock[] => [{ type: 'text' }]), z.array(contentBlock)]),
  stop_reason: z.string().nullish(),
});

/** What every entry of the chain names; bookkeeping has none of it. */
const link = {
  uuid: z.string().nullish(),
  /** The entry before this one; null where a chain begins: at the first entry, and where the CLI compacted the conversation. */
  parentUuid: z.string().nullish(),
  /** Of a subagent, not of the conversation. */
  isSidechain: z.boolean().nullish(),
};

const messageEntry = z.object({
  ...link,
  type: z.enum(['user', 'assistant']),
  message,
  /** Names the turn; only the user's side has it, tool results included. */
  promptId: z.string().nullish(),
  /** The CLI's own words to the model, in the user's name. */
  isMeta: z.boolean().nullish(),
  isCompactSummary: z.boolean().nullish(),
  /** No words of the model: the CLI's note that a model call failed. */
  isApiErrorMessage: z.boolean().nullish(),
});
export type MessageEntry = z.infer<typeof messageEntry>;

const otherEntry = z.object({
  ...link,
  type: z.string().refine((type) => type !== 'user' && type !== 'assistant'),
});

const transcriptEntry = z.union([messageEntry, otherEntry]);
export type TranscriptEntry = z.infer<typeof transcriptEntry>;

type ReadLine =
  | { readonly kind: 'entry'; readonly entry: TranscriptEntry }
  /** `no_entry`: JSON, but not the shape that its type promises. `broken`: no JSON. `too_large`: beyond a limit, and so not parsed. */
  | { readonly kind: 'no_entry' | 'broken' | 'too_large' };

/**
 * Reads one line of a transcript. Fields and entry types as Claude Code 2.1.330 writes them; types that are not known here
 * are entries all the same. Of long texts only that they are there is read.
 */
export function readLine(line: Buffer): ReadLine {
  const outline = outlineLine(line);
  if (typeof outline === 'string') return { kind: outline };
  let json: unknown;
  try {
    json = JSON.parse(outline.json);
  } catch (error) {
    if (error instanceof SyntaxError) return { kind: 'broken' };
    throw error;
  }
  const entry = transcriptEntry.safeParse(json).data;
  return entry ? { kind: 'entry', entry } : { kind: 'no_entry' };
}

export function isMessage(entry: TranscriptEntry): entry is MessageEntry {
  return 'message' in entry;
}
