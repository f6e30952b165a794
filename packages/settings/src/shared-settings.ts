// settings that several programs read, each with its rule
import { z } from 'zod';

/** The address that a server binds to; loopback alone unless another one is named. */
export const hostSetting = z.string().trim().default('127.0.0.1');

/** @param usual the port of a server that is told none. 0 lets the system choose. */
export const portSetting = (usual: number) =>
  z
    .string()
    .regex(/^\d{1,5}$/, 'must be a port number')
    .transform(Number)
    .pipe(z.int().max(65_535, 'must be a port number'))
    .default(usual);

/** How often an agent that reached its time limit may go on. */
export const maxContinuationsSetting = z.coerce
  .number('must be a number')
  .int('must be a whole number')
  .min(0, 'must be at least 0')
  .max(100, 'must be at most 100')
  .optional();

/** How many turns run side by side. SQS calls a function at most 1,000 times at once. */
export const maxParallelTurnsSetting = z.coerce
  .number('must be a number')
  .int('must be a whole number')
  .min(1, 'must be at least 1')
  .max(1_000, 'must be at most 1000')
  .optional();

/** The bearer token between the two tiers. HTTP drops spaces around it, so they cannot be part of it. */
export const authTokenSetting = z.string().trim().min(16, 'must have at least 16 characters').optional();
