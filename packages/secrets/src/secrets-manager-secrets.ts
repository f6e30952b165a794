import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerServiceException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { SecretError } from './secret-error.ts';
import { parseSecretName, pickSecret } from './secret-name.ts';
import type { Secrets } from './secrets.ts';

const DEFAULTS = { ttlMs: 5 * 60 * 1000, now: () => Date.now() };

export interface SecretsManagerSecretsOptions {
  client: SecretsManagerClient;
  /** How long after its request began a value is good without being read again, in ms; 5 min unless told otherwise. */
  ttlMs?: number;
  /** Milliseconds since 1970; the machine's clock unless told otherwise. */
  now?: () => number;
}

/** One request for a whole secret; it stays after it was answered, as the cached value. */
interface Reading {
  readonly stored: Promise<string>;
  readonly beganAtMs: number;
  isOver: boolean;
}

/**
 * Secrets in AWS Secrets Manager, by ARN or name, always the version that is current (`AWSCURRENT`). Concurrent calls for one
 * secret share one request, whatever key they ask for, and a failed one is forgotten at once.
 */
export class SecretsManagerSecrets implements Secrets {
  readonly #client: SecretsManagerClient;
  readonly #ttlMs: number;
  readonly #now: () => number;
  readonly #readings = new Map<string, Reading>();
  /** Only a reading that a refresh began is surely younger than the refusal that led to it. */
  readonly #refreshes = new WeakSet<Reading>();

  constructor(options: SecretsManagerSecretsOptions) {
    const { client, ttlMs, now } = { ...DEFAULTS, ...options };
    this.#client = client;
    this.#ttlMs = ttlMs;
    this.#now = now;
  }

  async get(name: string): Promise<string> {
    const { id } = parseSecretName(name);
    const known = this.#readings.get(id);
    const isGood = known !== undefined && this.#now() - known.beganAtMs < this.#ttlMs;
    return pickSecret(name, await (isGood ? known : this.#read(id)).stored);
  }

  async refresh(name: string): Promise<string> {
    const { id } = parseSecretName(name);
    const known = this.#readings.get(id);
    const isShared = known !== undefined && !known.isOver && this.#refreshes.has(known);
    const reading = isShared ? known : this.#read(id);
    this.#refreshes.add(reading);
    return pickSecret(name, await reading.stored);
  }

  #read(id: string): Reading {
    const end = (isFailed: boolean): void => {
      reading.isOver = true;
      if (isFailed && this.#readings.get(id) === reading) this.#readings.delete(id);
    };
    const stored = this.#request(id).then(
      (value) => {
        end(false);
        return value;
      },
      (error: unknown) => {
        end(true);
        throw error;
      },
    );
    const reading: Reading = { stored, beganAtMs: this.#now(), isOver: false };
    this.#readings.set(id, reading);
    return reading;
  }

  async #request(id: string): Promise<string> {
    let stored: string | undefined;
    try {
      stored = (await this.#client.send(new GetSecretValueCommand({ SecretId: id }))).SecretString;
    } catch (error) {
      throw secretErrorOf(id, error);
    }
    if (stored === undefined)
      throw new SecretError('secret_malformed', id, { problem: 'is binary, not a string' });
    return stored;
  }
}

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html#API_GetSecretValue_Errors */
function secretErrorOf(id: string, cause: unknown): SecretError {
  if (cause instanceof ResourceNotFoundException) {
    return new SecretError('secret_missing', id, { problem: 'does not exist', cause });
  }
  // The client models no class for it: it is one of the errors common to all services.
  if (cause instanceof SecretsManagerServiceException && cause.name === 'AccessDeniedException') {
    return new SecretError('secret_forbidden', id, { problem: 'may not be read', cause });
  }
  return new SecretError('secret_unavailable', id, { problem: 'could not be read', cause });
}
