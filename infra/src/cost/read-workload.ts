import { z } from 'zod';
import { type Workload, workload } from './workload.ts';

const amount = z.coerce.number('must be a number').min(0, 'must not be negative');

const optionsSchema = z.strictObject({
  messages: amount.optional(),
  seconds: amount.max(900, 'must be at most 900').optional(),
  memory: amount.min(128).max(10_240).optional(),
  'client-memory': amount.min(128).max(10_240).optional(),
  isolation: z.enum(['tenant', 'shared'], 'must be tenant or shared').optional(),
  'cold-share': amount.max(1, 'must be at most 1').optional(),
  'cold-seconds': amount.optional(),
  provisioned: amount.optional(),
  'answer-kb': amount.optional(),
  'stored-gb': amount.optional(),
  'model-usd': amount.optional(),
  streaming: z
    .union(
      [z.literal('on').transform(() => true), z.literal('off').transform(() => false)],
      'must be on or off',
    )
    .optional(),
  'free-tier': z.boolean().optional(),
});

/** As `util.parseArgs` takes them. */
export const WORKLOAD_OPTIONS = Object.fromEntries(
  Object.keys(optionsSchema.shape).map((name) => [
    name,
    { type: name === 'free-tier' ? ('boolean' as const) : ('string' as const) },
  ]),
);

/** Every option that is wrong at once. */
export class WorkloadError extends Error {
  override readonly name = 'WorkloadError';
  readonly code = 'bad_option';
  readonly retryable = false;
}

/** @throws WorkloadError */
export function readWorkload(given: Readonly<Record<string, unknown>>): Workload {
  const parsed = optionsSchema.safeParse(given);
  if (!parsed.success) {
    throw new WorkloadError(
      parsed.error.issues.map(({ path, message }) => `--${path.join('.')} ${message}`).join('\n'),
    );
  }
  const { data } = parsed;
  if ((data.provisioned ?? 0) > 0 && data.isolation !== 'shared') {
    throw new WorkloadError('--provisioned needs --isolation shared: Lambda does not offer both');
  }
  const named: { [Name in keyof Workload]: Workload[Name] | undefined } = {
    messages: data.messages,
    seconds: data.seconds,
    agentMemoryMb: data.memory,
    clientMemoryMb: data['client-memory'],
    isolation: data.isolation,
    coldShare: data['cold-share'],
    coldSeconds: data['cold-seconds'],
    provisionedConcurrency: data.provisioned,
    answerKb: data['answer-kb'],
    storedGb: data['stored-gb'],
    modelUsd: data['model-usd'],
    streaming: data.streaming,
    freeTier: data['free-tier'],
  };
  return workload(Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined)));
}
