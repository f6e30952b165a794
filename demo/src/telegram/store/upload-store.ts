import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';

/** Two messages' worth; the oldest of more were given up by their page. */
const MAX_UPLOADS = 20;

const contentRow = z.object({ content: z.instanceof(Uint8Array) });

/** Files that a page has handed over and no message holds yet, in SQLite. A restart forgets them: their page sends them again. */
export class UploadStore {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    database.exec('DELETE FROM uploads');
  }

  /** @returns the id under which a message takes the file. */
  add(content: Uint8Array): string {
    const id = randomUUID();
    this.#database.prepare('INSERT INTO uploads (upload_id, content) VALUES (?, ?)').run(id, content);
    this.#database
      .prepare(
        'DELETE FROM uploads WHERE rowid NOT IN (SELECT rowid FROM uploads ORDER BY rowid DESC LIMIT ?)',
      )
      .run(MAX_UPLOADS);
    return id;
  }

  content(id: string): Uint8Array | undefined {
    const row = this.#database.prepare('SELECT content FROM uploads WHERE upload_id = ?').get(id);
    return row && contentRow.parse(row).content;
  }

  /** Forgets what a message holds now. */
  remove(ids: readonly string[]): void {
    const remove = this.#database.prepare('DELETE FROM uploads WHERE upload_id = ?');
    for (const id of ids) remove.run(id);
  }
}
