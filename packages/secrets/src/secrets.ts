/**
 * Port: where passwords and tokens come from.
 *
 * A name is that of the store's secret; with `#key` behind it, of one string in a secret that is a JSON object.
 */
export interface Secrets {
  /**
   * @returns the value, which may be as old as the adapter keeps one.
   * @throws SecretError
   */
  get(name: string): Promise<string>;
  /**
   * Reads the value anew: for whoever finds it refused, because it may have been rotated.
   * @throws SecretError
   */
  refresh(name: string): Promise<string>;
}
