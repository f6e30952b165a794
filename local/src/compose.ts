// page or Telegram → webhook | polling → queue → worker → agent server over HTTP → CLI → demo model | Bedrock | Anthropic
import { prepareWork } from '@omnicloud/agent-container';
import type { PageInfo } from '@omnicloud/demo';
import {
  type EditPace,
  type Meter,
  openWorker,
  showPlaces,
  TELEGRAM_PACE,
  toleratingBacklog,
  type TurnQueue,
} from '@omnicloud/sdk-client';
import { Hono } from 'hono';
import { addAgentServer } from './add-agent-server.ts';
import { addTelegram } from './add-telegram.ts';
import { openAwsStores } from './stores/aws-stores.ts';
import type { LocalConfig } from './config.ts';
import { workRootOf } from './confine-shell.ts';
import { announceCommands } from './connect-telegram.ts';
import { listen, ownUrlOf, urlOf } from './listen.ts';
import { clientLog, type Log } from './log.ts';
import { openEmbeddedStores } from './stores/stores.ts';

export interface LocalSystem {
  readonly url: string;
  /** Which bot it is, how its updates come and which model answers, for people. */
  readonly about: string;
  readonly queue: TurnQueue;
  /** Cuts connections, interrupts running turns (they are tried again at the next start) and waits until all is at rest. */
  close(): Promise<void>;
}

/** What a test sets otherwise than people do. */
export interface Timing {
  readonly retryDelayMs?: (attempt: number) => number;
  readonly outagePauseMs?: (wait: number) => number;
  readonly pace?: Record<'private' | 'group', EditPace>;
  readonly wordDelayMs?: number;
  /** Aborts when a turn's time is up; the clock decides unless given. */
  readonly alarm?: (ms: number) => AbortSignal;
}

/** The stand-in has no limits to respect, so the page may show text as smoothly as the eye likes. */
const PAGE_PACE: EditPace = { firstAfterMs: 250, betweenMs: 150 };

/**
 * Starts both tiers and what stands around them. When it resolves, a message can be answered.
 * @throws ConfigError when Telegram refuses the token or the address of the webhook, or the shell is on and cannot be confined; Node's own error when the port
 *   cannot be had.
 */
export async function startLocal(config: LocalConfig, log: Log, timing: Timing = {}): Promise<LocalSystem> {
  const work = await prepareWork({
    workRoot: workRootOf(config),
    storeFolders: [config.dataDir],
    isOneRunAtATime: false,
    diskLimits: config.run.diskLimits,
    log,
  });
  const { retryDelayMs } = timing;
  const queueTiming = {
    concurrency: config.maxParallelTurns,
    ...(retryDelayMs === undefined ? {} : { retryDelayMs }),
  };
  const opened = config.aws
    ? await openAwsStores(config.aws, log, queueTiming)
    : openEmbeddedStores(config.dataDir, log, queueTiming);
  // One for the webhook and the worker: a message that the webhook could not note is noted before the worker looks.
  const backlog = toleratingBacklog(opened.backlog, (error) =>
    log.error('Going on without the view of what waits: nothing is merged or marked', error),
  );
  const stores = { ...opened, backlog };
  const failed = (error: unknown): never => {
    stores.close();
    throw error;
  };
  const listener = await listen(config.host, config.port, (error) =>
    log.error('A connection could not be taken', error),
  ).catch(failed);
  const ownUrl = ownUrlOf(config.host, listener.port);
  const stop = new AbortController();
  const app = new Hono();
  try {
    const agent = await addAgentServer(app, config, { work, stores, ownUrl, log, timing });
    const telegram = await addTelegram(app, config, { stores, ownUrl, model: agent.model, log });
    const worker = openWorker({
      stores,
      connect: () => ({
        api: telegram.api,
        telegramFiles: telegram.files,
        agent: { url: config.agentServerUrl ?? ownUrl, authToken: config.authToken },
      }),
      log: clientLog(log),
      meter: meterOf(log),
      ownerId: telegram.ownerId,
      maxContinuations: config.maxContinuations,
      pace: timing.pace ?? (telegram.standIn ? { private: PAGE_PACE, group: PAGE_PACE } : TELEGRAM_PACE),
      ...(timing.outagePauseMs === undefined ? {} : { forTests: { outagePauseMs: timing.outagePauseMs } }),
    });
    listener.serve((request, ...rest) => app.fetch(request, ...rest));
    const serving = stores.queue.serve(worker(), stop.signal);
    const { line } = stores.queue;
    const onPlaceError = (error: unknown): void => log.error('Showing who waits', error);
    const showing = line && showPlaces({ api: telegram.api, line, onError: onPlaceError }, stop.signal);
    await announceCommands(telegram.api, log);
    const receiving = telegram.receive(stop.signal);
    return {
      url: urlOf(config.host, listener.port),
      about: `${telegram.about}, ${nameOf(agent.model)}`,
      queue: stores.queue,
      close: async () => {
        stop.abort();
        await telegram.standIn?.stop();
        await listener.close();
        await Promise.all([serving, receiving, showing]);
        // Their connections are cut, but they still end their processes and write their logs.
        await agent.server.atRest();
        await agent.server.close();
        stores.close();
      },
    };
  } catch (error) {
    await listener.close();
    stores.close();
    throw error;
  }
}

function nameOf({ kind, name }: PageInfo['model']): string {
  return kind === 'demo' ? 'demo model' : `model ${name} of ${kind === 'bedrock' ? 'Bedrock' : 'Anthropic'}`;
}

/** On one machine, the log is what operators look at; the rest shows in the chat. */
function meterOf(log: Log): Meter {
  return {
    add: (measure) => {
      if (measure === 'UndecidableSends') log.info('A message of unknown fate is sent once more');
    },
  };
}
