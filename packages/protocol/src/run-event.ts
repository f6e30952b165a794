import { z } from 'zod';
import { sentFileSchema } from './attachment.ts';
import { sessionId } from './identifiers.ts';
import { workspaceFiguresSchema } from './session-files.ts';
import { wireErrorSchema } from './wire-error.ts';

const accepted = z
  .object({
    type: z.literal('accepted'),
    session_id: sessionId,
    is_new: z.boolean().meta({ description: 'True when the session has no stored conversation yet' }),
    repaired: z.int().min(0).optional().meta({
      description:
        'The stored conversation was damaged, and the run goes on with what can be read of it: how many turns are lost. Said again when the turn is asked again with its `Idempotency-Key`',
    }),
  })
  .meta({ description: 'The run begins', id: 'AcceptedEvent' });

const heartbeat = z.object({ type: z.literal('heartbeat') }).meta({
  description: 'Sent when nothing else was for 10 s, so that no proxy cuts the stream',
  id: 'HeartbeatEvent',
});

const text = z
  .object({
    type: z.literal('text'),
    offset: z.int().min(0),
    delta: z.string(),
  })
  .meta({
    description:
      'Text as the model writes it. The reader cuts what it holds to `offset` UTF-16 code units and appends `delta`: ' +
      'after a retried model call the offset goes back, which withdraws the lost attempt.',
    id: 'TextEvent',
  });

const tool = z
  .object({
    type: z.literal('tool'),
    tool_use_id: z.string(),
    name: z.string(),
    phase: z.enum(['started', 'succeeded', 'failed']),
    line: z.string().meta({ description: 'One line for people, e.g. "Write notes.md"' }),
  })
  .meta({ description: 'A tool run', id: 'ToolEvent' });

const todo = z
  .object({
    type: z.literal('todo'),
    items: z.array(z.object({ text: z.string(), status: z.enum(['pending', 'in_progress', 'completed']) })),
  })
  .meta({ description: 'The whole task list, each time it changed', id: 'TodoEvent' });

const notice = z
  .object({
    type: z.literal('notice'),
    notice: z.enum(['compacted', 'servers_missing']).meta({
      description:
        '`compacted`: the conversation was too long, and its older part was summed up. `servers_missing`: MCP servers do not answer, so the agent does without their tools',
    }),
    servers: z.array(z.string()).optional().meta({ description: 'servers_missing: their names' }),
  })
  .meta({ description: 'What the user must learn beside the answer', id: 'NoticeEvent' });

const answer = z
  .object({
    type: z.literal('answer'),
    text: z.string(),
    is_partial: z
      .boolean()
      .optional()
      .meta({ description: 'The run reached its time limit: there is more to be said' }),
  })
  .meta({ description: 'The final text; may be shown, but is not saved yet', id: 'AnswerEvent' });

const file = z.object({ type: z.literal('file'), ...sentFileSchema.shape }).meta({
  description: 'A file for the chat. It is stored; all of them come right before the terminal event',
  id: 'FileEvent',
});

const usageSchema = z
  .object({
    input_tokens: z.int().min(0),
    output_tokens: z.int().min(0),
    cache_read_input_tokens: z.int().min(0),
    cache_creation_input_tokens: z.int().min(0),
  })
  .meta({ id: 'Usage' });
export type Usage = z.infer<typeof usageSchema>;

const durations = z
  .object({ restore: z.number(), run: z.number(), persist: z.number(), total: z.number() })
  .meta({ id: 'DurationsMs', description: 'Milliseconds spent in each phase' });

const result = {
  session_id: sessionId,
  usage: usageSchema,
  cost_usd: z.number().min(0),
  turns: z.int().min(0).meta({ description: 'Turns of the agent loop, as the Agent SDK counts them' }),
  duration_ms: durations,
  workspace: workspaceFiguresSchema.optional().meta({
    description:
      'What was saved of the working directory; a repeated answer says it again. Absent when an older server saved that answer',
  }),
};

const isCut = z.boolean().optional().meta({
  description:
    'The answer reached its output limit again and again, and ends there; another message makes it go on',
});

const finished = z
  .object({
    type: z.literal('finished'),
    is_stopped: z.boolean().meta({ description: 'The user stopped the run; the answer is what there was' }),
    is_cut: isCut,
    ...result,
  })
  .meta({ description: 'Terminal: the answer is saved', id: 'FinishedEvent' });

const paused = z.object({ type: z.literal('paused'), ...result }).meta({
  description:
    'Terminal: the run reached its time limit and was interrupted; what there is, is saved. Another message makes the agent go on.',
  id: 'PausedEvent',
});

const failed = z
  .object({
    type: z.literal('failed'),
    error: wireErrorSchema,
    lost_files: z
      .int()
      .min(1)
      .optional()
      .meta({ description: 'Files for the chat that could not be stored' }),
  })
  .meta({
    description:
      'Terminal: the run came to no end that is saved. After an `answer`, only saving failed; that answer and the `file` events before this one can still be given',
    id: 'FailedEvent',
  });

/** What a run says. Closed: exactly one terminal event (`finished`, `paused` or `failed`) ends every stream; its absence is a failure. */
export const runEventSchema = z
  .discriminatedUnion('type', [
    accepted,
    heartbeat,
    text,
    tool,
    todo,
    notice,
    answer,
    file,
    finished,
    paused,
    failed,
  ])
  .meta({ id: 'RunEvent' });
export type RunEvent = z.infer<typeof runEventSchema>;
export type FinishedEvent = z.infer<typeof finished>;
export type FailedEvent = z.infer<typeof failed>;
type PausedEvent = z.infer<typeof paused>;
export type TerminalEvent = FinishedEvent | PausedEvent | FailedEvent;

export function isTerminal(event: RunEvent): event is TerminalEvent {
  return event.type === 'finished' || event.type === 'paused' || event.type === 'failed';
}

/** The longest silence on a stream, in ms. API Gateway's REST streaming cuts an idle connection, EDGE ones after 30 s. */
export const HEARTBEAT_INTERVAL_MS = 10_000;

/** The one body that `Accept: application/json` is answered with. */
export const runResponseSchema = z
  .object({
    session_id: sessionId,
    response: z.string(),
    is_stopped: z.boolean(),
    is_cut: isCut,
    is_paused: z
      .boolean()
      .meta({ description: 'The run reached its time limit; another message makes it go on' }),
    usage: usageSchema,
    cost_usd: z.number().min(0),
    turns: z.int().min(0),
    duration_ms: durations,
    workspace: workspaceFiguresSchema.optional(),
    files: z.array(sentFileSchema).optional().meta({ description: 'What the agent sends to the chat' }),
  })
  .meta({ id: 'RunResponse' });
export type RunResponse = z.infer<typeof runResponseSchema>;
