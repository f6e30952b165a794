import { randomBytes } from 'node:crypto';
import type { Document, Message } from 'grammy/types';
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';

const contentRow = z.object({ content: z.instanceof(Uint8Array) });

/** The files that the bot sent, in SQLite; each goes with its message. */
export class DocumentStore {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Keeps a file. @returns how a message tells of it. */
  add(content: Uint8Array, { name, mediaType }: { name: string; mediaType: string }): Document {
    const fileId = `BQAC${randomBytes(30).toString('base64url')}`;
    this.#database.prepare('INSERT INTO documents (file_id, content) VALUES (?, ?)').run(fileId, content);
    return {
      file_id: fileId,
      file_unique_id: `AgAD${randomBytes(9).toString('base64url')}`,
      file_name: name,
      mime_type: mediaType,
      file_size: content.byteLength,
    };
  }

  /** @returns the bytes of a message's file. */
  content({ document }: Message): Uint8Array<ArrayBuffer> | undefined {
    if (!document) return undefined;
    const row = this.#database
      .prepare('SELECT content FROM documents WHERE file_id = ?')
      .get(document.file_id);
    return row && new Uint8Array(contentRow.parse(row).content);
  }
}
