import { z } from 'zod';

const options = z.object({
  /** Where the embedded stores lie. */
  dataDir: z.string(),
  /** The AWS stores, instead of the embedded ones. */
  aws: z
    .object({
      bucket: z.string(),
      table: z.string(),
      queueUrl: z.string(),
      deadLetterQueueUrl: z.string(),
      /** S3 and SQS. */
      endpoint: z.string(),
      dynamoEndpoint: z.string(),
    })
    .optional(),
  /** Of this process alone, as on another machine. */
  workRoot: z.string(),
  telegramUrl: z.string(),
  botToken: z.string(),
  webhookSecret: z.string(),
  person: z.string(),
  modelUrl: z.string(),
});
export type StaleOptions = z.infer<typeof options>;

/** @throws ZodError when the process was not started by the test. */
export function parseStaleOptions(argv: readonly string[] = process.argv): StaleOptions {
  return options.parse(JSON.parse(argv[2] ?? 'null'));
}

/** What the real CLI needs to find the programs of this machine. */
export function searchPath(environment: NodeJS.ProcessEnv = process.env): string {
  return environment.PATH ?? '';
}
