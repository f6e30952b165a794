/** What opens the model. */
export type ModelCredential =
  | {
      readonly kind: 'aws-keys';
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
      readonly sessionToken?: string;
    }
  /** A Bedrock API key: https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-use.html */
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'anthropic-key'; readonly apiKey: string }
  /** The endpoint wants none. */
  | { readonly kind: 'none' };

/**
 * Port: where the credential comes from.
 * @throws whatever its place throws; an error with `retryable: true` may pass by itself.
 */
export interface ModelCredentials {
  /** May be as old as the adapter keeps one. */
  get(): Promise<ModelCredential>;
  /** Reads it anew: for whoever finds it refused, because it may have been rotated. */
  refresh(): Promise<ModelCredential>;
}

/** One that was given with the settings, for as long as the process lives. */
export class FixedModelCredentials implements ModelCredentials {
  readonly #credential: ModelCredential;

  constructor(credential: ModelCredential) {
    this.#credential = credential;
  }

  get(): Promise<ModelCredential> {
    return Promise.resolve(this.#credential);
  }

  refresh(): Promise<ModelCredential> {
    return this.get();
  }
}
