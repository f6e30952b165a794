// prompt → Claude Agent SDK and its CLI, in the session's home → text, tool lines, tasks → answer, summary
import { type Options, query, type SDKMessage, type SDKResultMessage } from '@anthropic-ai/claude-agent-sdk';
import type { AgentConfig } from '../config.ts';
import { AgentError } from '../errors.ts';
import type { SessionHome } from '../session/session-home.ts';
import { readTasks } from '../session/task-list.ts';
import type { AgentImage } from './agent-image.ts';
import type { AgentRun, AgentRuntime, RunSummary, RuntimeEvent } from './agent-runtime.ts';
import { cliEnvironment } from './cli-environment.ts';
import { type Bounds, boundsOf, judgeToolCall } from './confine-tools.ts';
import { oneMessage, stopOnAbort } from './interruptible-input.ts';
import { failureOf } from './run-failure.ts';
import { savedCostUsd } from './saved-cost.ts';
import { cliProcess } from './spawn-cli.ts';
import { TurnTranslator } from './translate-sdk-message.ts';

/** Everything else the CLI offers (background work, schedules, web access, worktrees) is left out. */
const TOOLS = [
  'Read',
  'Write',
  'Edit',
  'Glob',
  'Grep',
  'Skill',
  'Agent',
  'TaskCreate',
  'TaskGet',
  'TaskList',
  'TaskUpdate',
];

/** The real agent: the only adapter of `AgentRuntime` in production. */
export class ClaudeRuntime implements AgentRuntime {
  readonly #config: AgentConfig;
  readonly #image: AgentImage;

  constructor(config: AgentConfig, image: AgentImage) {
    this.#config = config;
    this.#image = image;
  }

  async *run(run: AgentRun): AsyncGenerator<RuntimeEvent, void, undefined> {
    const { home } = run;
    const costBefore = run.isResumed ? await savedCostUsd(home.transcript) : 0;
    const translator = new TurnTranslator(home.workspace);
    const cli = cliProcess(home);
    const input = oneMessage(run.prompt);
    const bounds = await boundsOf(home, this.#image.folder, this.#config.isShellOn);
    const session = query({
      prompt: input.messages,
      options: {
        ...this.#options(home, bounds),
        ...(run.isResumed ? { resume: home.sessionId } : { sessionId: home.sessionId }),
        spawnClaudeCodeProcess: (options) => cli.spawn(options),
      },
    });
    const stop = stopOnAbort(AbortSignal.any([run.signal, run.stop]), session, input.end);
    let result: SDKResultMessage | undefined;
    let writesLost = false;
    try {
      for await (const message of session) {
        if (message.type === 'result') {
          result = message;
          input.end();
        }
        writesLost ||= message.type === 'system' && message.subtype === 'session_writes_lost';
        yield* await this.#eventsOf(message, translator, home);
      }
    } catch (error) {
      // The SDK throws once more what an error result already said.
      if (!result?.is_error) throw crashed(error, cli.stderr());
    } finally {
      stop();
      session.close();
      await cli.end();
    }
    if (run.signal.aborted) throw new AgentError('agent_crashed', 'The run was interrupted');
    if (!result) throw crashed(undefined, cli.stderr());
    const isStopped = run.stop.aborted && wasInterrupted(result);
    if (result.is_error && !isStopped) throw failureOf(result);
    if (writesLost)
      throw new AgentError(
        'store_unavailable',
        'The agent could not write its transcript: the disk may be full',
      );
    yield { type: 'answer', text: isStopped ? translator.partialAnswer : translator.answer };
    yield { type: 'summary', ...summaryOf(result, costBefore), isStopped };
  }

  async #eventsOf(
    message: SDKMessage,
    translator: TurnTranslator,
    home: SessionHome,
  ): Promise<RuntimeEvent[]> {
    const events = translator.translate(message);
    const tasksChanged = events.some(
      (event) =>
        event.type === 'tool' && event.phase === 'succeeded' && /^Task(Create|Update)$/.test(event.name),
    );
    if (!tasksChanged) return events;
    const items = (await readTasks(home.tasks)).map(({ subject, status }) => ({
      text: subject,
      status: knownStatus(status),
    }));
    return [...events, { type: 'todo', items }];
  }

  #options(home: SessionHome, bounds: Bounds): Options {
    return {
      cwd: home.workspace,
      env: cliEnvironment(this.#config, home),
      systemPrompt: this.#image.systemPrompt,
      settingSources: ['user'],
      // The CLI would sweep what a restore just laid out, judging by its age.
      settings: { cleanupPeriodDays: 99_999 },
      tools: this.#config.isShellOn ? [...TOOLS, 'Bash'] : TOOLS,
      plugins: this.#image.plugins.map((path) => ({ type: 'local', path })),
      mcpServers: this.#image.mcpServers,
      strictMcpConfig: true,
      mcpServersDelivery: 'initialize',
      permissionMode: 'dontAsk',
      permissionPrompts: 'none',
      hooks: { PreToolUse: [{ hooks: [guard(bounds)] }] },
      includePartialMessages: true,
      // Otherwise "@/etc/passwd" in a user's message puts that file into the prompt, past every permission, and "/clear" is obeyed.
      verbatimPrompts: true,
      debugFile: home.debugLog,
      ...(this.#config.model === undefined ? {} : { model: this.#config.model }),
    };
  }
}

type Hook = NonNullable<NonNullable<Options['hooks']>['PreToolUse']>[number]['hooks'][number];

/** The permission mode denies what nobody allowed; this hook allows what stays within the session's bounds, for subagents too. */
function guard(bounds: Bounds): Hook {
  return async (input) => {
    if (input.hook_event_name !== 'PreToolUse') return {};
    const verdict = await judgeToolCall(input.tool_name, input.tool_input, bounds);
    return {
      hookSpecificOutput: {
        hookEventName: 'PreToolUse',
        permissionDecision: verdict.allow ? 'allow' : 'deny',
        ...(verdict.allow ? {} : { permissionDecisionReason: verdict.reason }),
      },
    };
  };
}

/** An interrupt ends the turn as an error of its own kind; the transcript is whole. */
function wasInterrupted(result: SDKResultMessage): boolean {
  return result.terminal_reason === 'aborted_streaming' || result.terminal_reason === 'aborted_tools';
}

function summaryOf(result: SDKResultMessage, costBefore: number): Omit<RunSummary, 'isStopped'> {
  const { usage } = result;
  return {
    usage: {
      input_tokens: usage.input_tokens,
      output_tokens: usage.output_tokens,
      cache_read_input_tokens: usage.cache_read_input_tokens,
      cache_creation_input_tokens: usage.cache_creation_input_tokens,
    },
    costUsd: Math.max(0, result.total_cost_usd - costBefore),
    turns: result.num_turns,
  };
}

function knownStatus(status: string): 'pending' | 'in_progress' | 'completed' {
  return status === 'in_progress' || status === 'completed' ? status : 'pending';
}

function crashed(cause: unknown, stderr: string): AgentError {
  const detail = stderr === '' ? undefined : new Error(`The CLI wrote to stderr: ${stderr}`, { cause });
  return new AgentError('agent_crashed', 'The agent process ended in the middle of its work', {
    cause: detail ?? cause,
  });
}
