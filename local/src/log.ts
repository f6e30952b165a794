import type { AgentLog } from '@omnicloud/agent-container';
import { type ClientLog, summaryLine } from '@omnicloud/sdk-client';

export interface Log {
  info(message: string): void;
  error(message: string, error: unknown): void;
}

/** One line for an event, and below an error its chain of causes. Goes to stderr: stdout is for the ready line. */
export const consoleLog: Log = {
  info: (message) => console.error(`${new Date().toISOString()} ${message}`),
  error: (message, error) =>
    console.error(`${new Date().toISOString()} ${message}\n  ${causes(error).join('\n  because: ')}`),
};

/** @returns the log of the agent server. Lines carry no key of their request: on one machine they are read as they come. */
export function agentLog(log: Log): AgentLog {
  return { ...log, within: (_key, work) => work() };
}

/** @returns the log of the webhook and the worker. A line about an update ends with its id. */
export function clientLog(log: Log): ClientLog {
  const about = (message: string, updateId: number | undefined): string =>
    updateId === undefined || Number.isNaN(updateId) ? message : `${message} (update ${updateId})`;
  return {
    info: (message, updateId) => log.info(about(message, updateId)),
    error: (message, error, updateId) => log.error(about(message, updateId), error),
    turnOver: (summary, updateId) => log.info(summaryLine(summary, updateId)),
  };
}

function causes(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
  return [`${error.message}${code}`, ...(error.cause === undefined ? [] : causes(error.cause))];
}
