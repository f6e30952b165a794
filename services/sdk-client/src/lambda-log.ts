import { Logger } from '@aws-lambda-powertools/logger';
import type { ClientLog } from './client-log.ts';

/**
 * One JSON object a line. Whatever concerns an update has its id as `correlation_id`, in both tiers alike.
 * @param service stands in every line.
 */
export function openLambdaLog(service: string): ClientLog {
  const logger = new Logger({ serviceName: service });
  return {
    info: (message, updateId) => logger.info(message, correlation(updateId)),
    error: (message, error, updateId) =>
      logger.error(message, {
        ...correlation(updateId),
        error: error instanceof Error ? error : new Error(String(error)),
      }),
    turnOver: (summary, updateId) => logger.info('A turn is over', { ...correlation(updateId), ...summary }),
  };
}

function correlation(updateId: number | undefined): Record<string, string> {
  return updateId === undefined || Number.isNaN(updateId) ? {} : { correlation_id: `update-${updateId}` };
}
