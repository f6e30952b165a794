import { SecretError } from './secret-error.ts';
import { parseSecretName, pickSecret } from './secret-name.ts';
import type { Secrets } from './secrets.ts';

/** Secrets that are known from the start, as those of an embedded system are. What the map's owner changes, counts at once. */
export class FixedSecrets implements Secrets {
  readonly #values: ReadonlyMap<string, string>;

  /** @param values whole secrets by their names, without `#key` */
  constructor(values: ReadonlyMap<string, string>) {
    this.#values = values;
  }

  get(name: string): Promise<string> {
    return this.refresh(name);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- what is thrown here must reject
  async refresh(name: string): Promise<string> {
    const stored = this.#values.get(parseSecretName(name).id);
    if (stored === undefined) throw new SecretError('secret_missing', name, { problem: 'does not exist' });
    return pickSecret(name, stored);
  }
}
