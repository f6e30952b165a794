import { Logger } from '@aws-lambda-powertools/logger';

/** One JSON object a line. Whatever concerns an update has its id as `correlation_id`, in both tiers alike. */
export interface LambdaLog {
  /** @param fields stand in the line beside the message. */
  info(message: string, updateId?: number, fields?: object): void;
  /** The error's code and its chain of causes stand in the line. */
  error(message: string, error: unknown, updateId?: number): void;
}

/** @param service stands in every line. */
export function openLambdaLog(service: string): LambdaLog {
  const logger = new Logger({ serviceName: service });
  return {
    info: (message, updateId, fields) => logger.info(message, { ...correlation(updateId), ...fields }),
    error: (message, error, updateId) =>
      logger.error(message, {
        ...correlation(updateId),
        error: error instanceof Error ? error : new Error(String(error)),
      }),
  };
}

function correlation(updateId: number | undefined): Record<string, string> {
  return updateId === undefined || Number.isNaN(updateId) ? {} : { correlation_id: `update-${updateId}` };
}
