// log groups → events in their order → one line each → and again, for whoever follows
import {
  FilterLogEventsCommand,
  type FilteredLogEvent,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { AwsAccount } from '../aws/aws-account.ts';
import type { Outputs } from '../aws/deployment.ts';

const POLL_MS = 2_000;
/** CloudWatch shows a line some seconds after it was written, and not in order; what was shown is remembered. */
const OVERLAP_MS = 30_000;

export interface LogOptions {
  /** From when on, in ms since 1970. */
  readonly sinceMs: number;
  /** Of one update alone; undefined: all lines. */
  readonly updateId: string | undefined;
  readonly write: (line: string) => void;
}

type Source = 'webhook' | 'worker' | 'agent';

export function logGroupsOf({ WebhookLogs, WorkerLogs, AgentLogs }: Outputs): Record<Source, string> {
  return { webhook: WebhookLogs, worker: WorkerLogs, agent: AgentLogs };
}

/** Writes the lines of all groups, in the order of their time, and goes on until the signal aborts; without one, it ends. */
export async function followLogs(
  account: Pick<AwsAccount, 'logs'>,
  groups: Readonly<Record<Source, string>>,
  {
    options: { sinceMs, updateId, write },
    signal,
  }: { readonly options: LogOptions; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const shown = new Set<string>();
  let fromMs = sinceMs;
  for (;;) {
    const nowMs = Date.now();
    const found = await Promise.all(
      (Object.entries(groups) as [Source, string][]).map(async ([source, group]) => {
        const events = await eventsOf(account, { group, startTime: fromMs, updateId });
        return events.map((event) => ({ source, event }));
      }),
    );
    const all = found.flat().sort((a, b) => (a.event.timestamp ?? 0) - (b.event.timestamp ?? 0));
    for (const { source, event } of all) {
      const id = `${source} ${event.eventId ?? ''}`;
      if (shown.has(id)) continue;
      shown.add(id);
      if (isOf(event, updateId)) write(lineOf(source, event));
    }
    if (!signal || !(await pause(signal))) return;
    fromMs = Math.max(sinceMs, nowMs - OVERLAP_MS);
  }
}

/** @returns false when the signal has aborted. */
async function pause(signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(POLL_MS, undefined, { signal });
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

async function eventsOf(
  { logs }: Pick<AwsAccount, 'logs'>,
  {
    group,
    startTime,
    updateId,
  }: { readonly group: string; readonly startTime: number; readonly updateId: string | undefined },
): Promise<FilteredLogEvent[]> {
  const events: FilteredLogEvent[] = [];
  let nextToken: string | undefined;
  do {
    try {
      const page = await logs.send(
        new FilterLogEventsCommand({
          logGroupName: group,
          startTime,
          ...(updateId === undefined ? {} : { filterPattern: `"${correlationOf(updateId)}"` }),
          ...(nextToken === undefined ? {} : { nextToken }),
        }),
      );
      events.push(...(page.events ?? []));
      ({ nextToken } = page);
    } catch (error) {
      // Nothing was ever written there.
      if (error instanceof ResourceNotFoundException) return [];
      throw error;
    }
  } while (nextToken !== undefined);
  return events;
}

function correlationOf(updateId: string): string {
  return `update-${updateId}`;
}

const lineSchema = z.looseObject({
  level: z.string().optional(),
  message: z.string(),
  correlation_id: z.string().optional(),
  error: z.unknown().optional(),
});

function parseLine(text: string | undefined): z.output<typeof lineSchema> | undefined {
  try {
    return lineSchema.safeParse(JSON.parse(text ?? '')).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** CloudWatch finds the words anywhere, `update-12` in `update-123` too. */
function isOf(event: FilteredLogEvent, updateId: string | undefined): boolean {
  return updateId === undefined || parseLine(event.message)?.correlation_id === correlationOf(updateId);
}

function lineOf(source: Source, { timestamp, message }: FilteredLogEvent): string {
  const begin = `${new Date(timestamp ?? 0).toISOString()} ${source.padEnd(7)}`;
  const line = parseLine(message);
  if (!line) return `${begin} ${(message ?? '').trimEnd()}`;
  const id = line.correlation_id === undefined ? '' : ` [${line.correlation_id}]`;
  const error = line.error === undefined ? '' : ` ${JSON.stringify(line.error)}`;
  return `${begin} ${line.level ?? 'INFO'}${id} ${line.message}${error}`;
}
