import { createHash, randomBytes } from 'node:crypto';
import type { File, Message } from 'grammy/types';
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';

/** All files together, in bytes. Beyond that the oldest are forgotten, so that nobody's disk fills up. */
const MAX_STORED_BYTES = 1024 * 1024 * 1024;

/** How Telegram's ids begin, by what they stand for. */
const ID_PREFIX = { document: 'BQAC', photo: 'AgAC' } as const;
const FILE_ID = /^(?:BQAC|AgAC)[\w-]{40}$/;
const FILE_PATH = /^(?:documents|photos)\/([\w-]+)$/;

export type FileKind = keyof typeof ID_PREFIX;
/** What every kind of file has in a message. */
export type StoredFile = Required<Pick<File, 'file_id' | 'file_unique_id' | 'file_size'>>;

const sizeRow = z.object({ size: z.int() });
const totalRow = z.object({ total: z.int() });
const contentRow = z.object({ content: z.instanceof(Uint8Array) });

/** The files of messages, in SQLite; each goes with its message. */
export class FileStore {
  readonly #database: DatabaseSync;
  readonly #maxBytes: number;

  constructor(database: DatabaseSync, maxBytes = MAX_STORED_BYTES) {
    this.#database = database;
    this.#maxBytes = maxBytes;
  }

  /** Keeps a file. */
  add(content: Uint8Array, kind: FileKind): StoredFile {
    const id = ID_PREFIX[kind] + randomBytes(30).toString('base64url');
    this.#database.prepare('INSERT INTO documents (file_id, content) VALUES (?, ?)').run(id, content);
    this.#forgetOldest();
    return storedFile(id, content.byteLength);
  }

  /** @returns what is known of a file, and the path at which `atPath` finds it. */
  file(fileId: string): Required<File> | undefined {
    const row = this.#database
      .prepare('SELECT length(content) AS size FROM documents WHERE file_id = ?')
      .get(fileId);
    const folder = fileId.startsWith(ID_PREFIX.photo) ? 'photos' : 'documents';
    return row && { ...storedFile(fileId, sizeRow.parse(row).size), file_path: `${folder}/${fileId}` };
  }

  atPath(filePath: string): Uint8Array<ArrayBuffer> | undefined {
    const fileId = FILE_PATH.exec(filePath)?.[1] ?? '';
    return this.file(fileId)?.file_path === filePath ? this.#content(fileId) : undefined;
  }

  /** @returns the bytes of a message's file. */
  ofMessage({ document, photo }: Message): Uint8Array<ArrayBuffer> | undefined {
    const fileId = document?.file_id ?? photo?.at(-1)?.file_id;
    return fileId === undefined ? undefined : this.#content(fileId);
  }

  #content(fileId: string): Uint8Array<ArrayBuffer> | undefined {
    const row = this.#database.prepare('SELECT content FROM documents WHERE file_id = ?').get(fileId);
    return row && new Uint8Array(contentRow.parse(row).content);
  }

  #forgetOldest(): void {
    const total = this.#database.prepare('SELECT total(length(content)) AS total FROM documents');
    const forget = this.#database.prepare(
      'DELETE FROM documents WHERE rowid = (SELECT min(rowid) FROM documents)',
    );
    while (totalRow.parse(total.get()).total > this.#maxBytes) forget.run();
  }
}

/** @returns whether it looks like a `file_id` of this stand-in. */
export function isFileId(text: string): boolean {
  return FILE_ID.test(text);
}

function storedFile(fileId: string, size: number): StoredFile {
  const unique = createHash('sha256').update(fileId).digest().subarray(0, 9);
  return { file_id: fileId, file_unique_id: `AgAD${unique.toString('base64url')}`, file_size: size };
}
