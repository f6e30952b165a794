// prompt → Claude Agent SDK and its CLI, in the session's home, with a grant at the model proxy → text, tool lines, tasks → answer, summary
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Query, query, type SDKMessage, type SDKResultMessage } from '@anthropic-ai/claude-agent-sdk';
import type { Secrets } from '@omnicloud/secrets';
import { ConfigError } from '@omnicloud/settings';
import type { AgentConfig } from '../config.ts';
import { AgentError } from '../errors.ts';
import type { ModelGrant } from '../model-proxy/calls/model-grant.ts';
import type { ModelProxy } from '../model-proxy/model-proxy.ts';
import { startModelProxy } from '../model-proxy/start-model-proxy.ts';
import { removeForeign } from '../session/home/remove-foreign.ts';
import type { SessionHome } from '../session/home/session-home.ts';
import { readTasks } from '../session/transcript/task-list.ts';
import type { AgentImage } from './agent-image.ts';
import type { AgentRun, AgentRuntime, RuntimeEvent } from './agent-runtime.ts';
import { CHAT_SERVER, chatTools } from './tools/chat-tools.ts';
import { boundsOf } from './tools/confine-tools.ts';
import { gathered } from './events/gather-events.ts';
import { closedCli } from './isolation/closed-program.ts';
import type { Confinement, Isolation } from './isolation/isolation.ts';
import { runLimits } from './isolation/run-limits.ts';
import { watchRun } from './isolation/watch-run.ts';
import { closeQuietly, oneMessage, stopOnAbort } from './cli/interruptible-input.ts';
import { LastWord } from './events/last-word.ts';
import { McpServers } from './tools/mcp-servers.ts';
import { OutputGate } from './cli/output-gate.ts';
import type { OutputLimits } from './cli/output-limits.ts';
import { failureOf, isCutAtOutputLimit, RunSigns } from './events/run-failure.ts';
import { summaryOf, wasInterrupted } from './events/run-result.ts';
import { savedCostUsd } from './saved-cost.ts';
import { sdkOptions } from './sdk-options.ts';
import { type CliProcess, cliProcess } from './cli/spawn-cli.ts';
import { TurnTranslator } from './events/translate-sdk-message.ts';

export interface ClaudeRuntimeOptions {
  /** What confines a run when the shell is on; see `chooseIsolation`. */
  readonly isolation?: Isolation | undefined;
  /** Where a model credential is read that the configuration names by its secret. */
  readonly secrets?: Secrets;
  /** What a turn's CLI may write; `OUTPUT_LIMITS` unless given. */
  readonly outputLimits?: OutputLimits;
  /** Model calls that failed on our side, and a CLI that did not end by itself; the run may still succeed. */
  readonly onError?: (error: unknown) => void;
}

const REMOTE_NEEDS_NETWORK =
  "AGENT_NETWORK must be on: the image's mcp.json names servers by URL, and the confined shell has no network.";

/** The real agent: the only adapter of `AgentRuntime` in production. */
export class ClaudeRuntime implements AgentRuntime {
  readonly #config: AgentConfig;
  readonly #image: AgentImage;
  readonly #options: ClaudeRuntimeOptions;
  readonly #servers: McpServers;
  #proxy: Promise<ModelProxy> | undefined;

  /** @throws ConfigError when the image names MCP servers that a confined run cannot reach. */
  constructor(config: AgentConfig, image: AgentImage, options: ClaudeRuntimeOptions = {}) {
    const isRemote = Object.values(image.mcpServers).some((server) => 'url' in server);
    if (isRemote && options.isolation?.isNetworkOn === false) throw new ConfigError([REMOTE_NEEDS_NETWORK]);
    this.#config = config;
    this.#image = image;
    this.#options = options;
    this.#servers = new McpServers(image.mcpServers, options);
  }

  /** Ends the model proxy, and with it every model call. Runs are to be over by then. */
  async close(): Promise<void> {
    const proxy = await this.#proxy;
    this.#proxy = undefined;
    await proxy?.close();
  }

  async *run(run: AgentRun): AsyncGenerator<RuntimeEvent, void, undefined> {
    const proxy = await this.#openProxy();
    const { turnTokenLimit: tokenLimit } = this.#config;
    const grant = proxy.open({
      sessionId: run.home.sessionId,
      stopped: run.stop,
      ...(tokenLimit === undefined ? {} : { tokenLimit }),
    });
    try {
      yield* gathered(this.#runWith(run, grant, `${proxy.url}/${grant.token}`));
    } finally {
      grant.close();
    }
  }

  /** One for all runs, started by the first; a start that failed is tried again by the next. */
  #openProxy(): Promise<ModelProxy> {
    const { model, tools } = this.#image;
    this.#proxy ??= startModelProxy(this.#config, {
      ...this.#options,
      models: model === undefined ? [] : [model],
      isWebSearchOn: tools.includes('WebSearch'),
    }).catch((error: unknown) => {
      this.#proxy = undefined;
      throw error;
    });
    return this.#proxy;
  }

  /** With the shell on, a run is confined or does not happen: only file tools can be judged by their arguments. */
  async #confine(home: SessionHome, modelUrl: string): Promise<Confinement | undefined> {
    if (!this.#config.isShellOn || this.#config.isShellUnconfined) return undefined;
    const { isolation } = this.#options;
    if (!isolation) throw new AgentError('internal', 'The shell is on, and nothing confines it');
    return isolation.open({
      root: home.root,
      writable: [home.workspace, home.config],
      readable: [this.#image.folder],
      temporary: home.temporary,
      loopbackPort: Number(new URL(modelUrl).port),
    });
  }

  async *#runWith(
    run: AgentRun,
    grant: ModelGrant,
    modelUrl: string,
  ): AsyncGenerator<RuntimeEvent, void, undefined> {
    const { home } = run;
    const costBefore = run.isResumed ? await savedCostUsd(home.transcript) : 0;
    const translator = new TurnTranslator(home.workspace);
    const signs = new RunSigns();
    const bounds = await boundsOf(home, this.#image.folder, this.#config.isShellOn);
    const confinement = await this.#confine(home, modelUrl);
    const gate = new OutputGate();
    let session: Query | undefined;
    const limits = this.#options.outputLimits;
    using lastWord = new LastWord({
      ...{ limits, gate },
      onOverdue: () => {
        this.#options.onError?.(overdue());
        closeQuietly(session);
      },
    });
    const cli = cliProcess(home, { confinement, gate, limits, onLastWord: () => lastWord.heard(false) });
    const watch =
      confinement &&
      watchRun(confinement, runLimits(this.#config.runLimits), (error) => this.#options.onError?.(error));
    const input = oneMessage(run.prompt);
    const isOffline = confinement !== undefined && this.#options.isolation?.isNetworkOn === false;
    let stop: (() => void) | undefined;
    let stopKilling: (() => void) | undefined;
    let result: SDKResultMessage | undefined;
    let writesLost = false;
    let isCompacted = false;
    try {
      session = query({
        prompt: input.messages,
        options: {
          ...sdkOptions(this.#config, { image: this.#image, home, bounds, modelUrl, isOffline }),
          mcpServers: { ...this.#servers.usable(), [CHAT_SERVER]: chatTools(run.outbox) },
          ...(run.isResumed ? { resume: home.sessionId } : { sessionId: home.sessionId }),
          ...(confinement === undefined ? {} : { pathToClaudeCodeExecutable: await closedCli() }),
          spawnClaudeCodeProcess: (options) => {
            const started = cli.spawn(options);
            // What a `Confinement` wraps is a child process.
            if ('pid' in started && typeof started.pid === 'number') watch?.begin(started.pid);
            return started;
          },
        },
      });
      stop = stopOnAbort(AbortSignal.any([run.signal, run.stop]), session, input.end);
      stopKilling = killOnOrder(run.signal, cli);
      for await (const message of gate.reading(session)) {
        if (message.type === 'result') {
          result = message;
          input.end();
          lastWord.heard(true);
        }
        signs.note(message);
        if (message.type === 'system' && message.subtype === 'init') this.#servers.note(message);
        isCompacted ||= message.type === 'system' && message.subtype === 'compact_boundary';
        writesLost ||= message.type === 'system' && message.subtype === 'session_writes_lost';
        yield* await this.#eventsOf(message, translator, home);
      }
    } catch (error) {
      if (run.signal.reason instanceof AgentError) throw run.signal.reason;
      // The SDK throws once more what an error result already said.
      if (!result?.is_error) {
        // It knows whether the kernel ended the CLI for its memory.
        await watch?.end();
        // Why a process could not be started may follow as an event.
        await nextTurn();
        throw watch?.failure ?? crashed(error, cli);
      }
    } finally {
      stop?.();
      stopKilling?.();
      session?.close();
      await watch?.end();
      await cli.end();
      await removeForeign(home);
    }
    if (run.signal.reason instanceof AgentError) throw run.signal.reason;
    const failure = cli.failure();
    if (failure) throw failure;
    if (run.signal.aborted) throw new AgentError('agent_crashed', 'The run was interrupted');
    if (watch?.failure) throw watch.failure;
    if (!result) throw crashed(undefined, cli);
    const isStopped = run.stop.aborted && wasInterrupted(result);
    const isCut = !isStopped && isCutAtOutputLimit(result, signs) && translator.answer.trim() !== '';
    if (result.is_error && !isStopped && !isCut) throw failureOf(result, grant, signs);
    if (writesLost)
      throw new AgentError('disk_full', 'The agent could not write its transcript: the disk may be full');
    yield* this.#noticesOf(home, isCompacted);
    yield { type: 'answer', text: isStopped ? translator.partialAnswer : translator.answer };
    yield { type: 'summary', ...summaryOf(result, costBefore), isStopped, ...(isCut ? { isCut } : {}) };
  }

  /** Told with the answer, so that a run which fails takes no word of it along. */
  #noticesOf({ sessionId }: SessionHome, isCompacted: boolean): RuntimeEvent[] {
    const servers = this.#servers.untold(sessionId);
    this.#servers.tell(sessionId, servers);
    return [
      ...(isCompacted ? [{ type: 'notice' as const, notice: 'compacted' as const }] : []),
      ...(servers.length === 0
        ? []
        : [{ type: 'notice' as const, notice: 'servers_missing' as const, servers }]),
    ];
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
}

/** A run that harms the machine while it winds down gets no time for that. @returns what takes it back. */
function killOnOrder(signal: AbortSignal, cli: CliProcess): () => void {
  const kill = (): void => {
    // Its failure is met again when the run is taken down.
    if (signal.reason instanceof AgentError) cli.end().catch(() => undefined);
  };
  if (signal.aborted) kill();
  else signal.addEventListener('abort', kill, { once: true });
  return () => signal.removeEventListener('abort', kill);
}

/** For the log: the turn ends with what the CLI had said. */
function overdue(): AgentError {
  return new AgentError(
    'agent_crashed',
    'The agent process did not end after its last word, so it was ended',
  );
}

function knownStatus(status: string): 'pending' | 'in_progress' | 'completed' {
  return status === 'in_progress' || status === 'completed' ? status : 'pending';
}

function crashed(cause: unknown, cli: CliProcess): AgentError {
  const failure = cli.failure();
  if (failure) return failure;
  // The SDK passes on what the start threw.
  if (cause instanceof AgentError) return cause;
  const stderr = cli.stderr();
  const detail = stderr === '' ? undefined : new Error(`The CLI wrote to stderr: ${stderr}`, { cause });
  if (!cli.hasBegun())
    return new AgentError('internal', 'The sandbox could not be set up; the log says why', {
      cause: detail ?? cause,
    });
  return new AgentError('agent_crashed', 'The agent process ended in the middle of its work', {
    cause: detail ?? cause,
  });
}
