import { ClientError } from '../../errors.ts';

/** A file of a user could not be put where the agent finds it. */
export class AttachmentStoreError extends ClientError {
  override readonly name = 'AttachmentStoreError';

  constructor(options?: ErrorOptions) {
    super('attachment_store_unavailable', 'An attachment could not be stored', {
      ...options,
      retryable: true,
    });
  }
}

/**
 * Port: where files of users lie on their way to the agent server, under `attachmentObjectKey`. A redelivered turn puts the same
 * file there again. They are needed for one turn; a store may forget them after a day.
 */
export interface AttachmentStore {
  /** Replaces what lies there, as a whole. @throws AttachmentStoreError */
  put(key: string, content: Uint8Array): Promise<void>;
}
