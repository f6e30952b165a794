import { AsyncLocalStorage } from 'node:async_hooks';
import { Logger } from '@aws-lambda-powertools/logger';

/** One JSON object a line; each line of a request has the request's key as `correlation_id`, in both tiers alike. */
export interface AgentLog {
  info(message: string): void;
  /** The error's code and its chain of causes stand in the line. */
  error(message: string, error: unknown): void;
  /** Whatever `work` logs, also after it returned, belongs to the request with this key. */
  within<T>(correlationId: string | undefined, work: () => T): T;
}

/** @param service stands in every line. */
export function openAgentLog(service: string): AgentLog {
  const logger = new Logger({ serviceName: service });
  const current = new AsyncLocalStorage<string | undefined>();
  const correlation = (): Record<string, string> => {
    const id = current.getStore();
    return id === undefined ? {} : { correlation_id: id };
  };
  return {
    info: (message) => logger.info(message, correlation()),
    error: (message, error) =>
      logger.error(message, {
        ...correlation(),
        error: error instanceof Error ? error : new Error(String(error)),
      }),
    within: (correlationId, work) => current.run(correlationId, work),
  };
}
