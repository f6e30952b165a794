import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { openSqliteFile } from '@omnicloud/storage';

const FILE_NAME = 'telegram.sqlite';
const LOSS = 'the page starts with empty chats, and the bot no longer knows these conversations';

/** `position` orders; a message's `thread_id` is null outside of topics; `is_hidden` keeps it from the page only; `documents` holds photos too. */
const FIRST_SCHEMA = `
  CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS chats (
    position INTEGER PRIMARY KEY,
    chat_id INTEGER NOT NULL UNIQUE,
    chat TEXT NOT NULL,
    last_message_id INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE IF NOT EXISTS topics (
    chat_id INTEGER NOT NULL,
    thread_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (chat_id, thread_id)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS messages (
    chat_id INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    thread_id INTEGER,
    message TEXT NOT NULL,
    is_hidden INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (chat_id, message_id)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS reactions (
    chat_id INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    emoji TEXT NOT NULL,
    PRIMARY KEY (chat_id, message_id),
    FOREIGN KEY (chat_id, message_id) REFERENCES messages ON DELETE CASCADE
  ) STRICT;
  CREATE TABLE IF NOT EXISTS sends (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    send_id TEXT NOT NULL UNIQUE,
    chat_id INTEGER NOT NULL,
    message_id INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS documents (file_id TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS uploads (upload_id TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT;
  CREATE TRIGGER IF NOT EXISTS documents_go_with_their_message AFTER DELETE ON messages BEGIN
    DELETE FROM documents WHERE file_id = old.message ->> '$.document.file_id';
  END;
  CREATE TRIGGER IF NOT EXISTS photos_go_with_their_message AFTER DELETE ON messages BEGIN
    DELETE FROM documents WHERE file_id = old.message ->> '$.photo[0].file_id';
  END;
  CREATE TABLE IF NOT EXISTS commands (
    scope TEXT NOT NULL,
    language_code TEXT NOT NULL,
    commands TEXT NOT NULL,
    PRIMARY KEY (scope, language_code)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS updates (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    update_id INTEGER NOT NULL,
    queue TEXT NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS updates_by_queue ON updates (queue, position);
`;

/**
 * The first step brings files from before there were versions to version 1, too: they have version 0, and some or all of its tables. Their
 * tables never changed, they only became more.
 */
const MIGRATIONS = [FIRST_SCHEMA];

/**
 * Opens the stand-in's database, creating folder, file and tables as needed.
 * @throws SqliteOpenError when the file is damaged, not writable or of a newer release; the system's error when the folder cannot be made.
 */
export function openDatabase(directory: string): DatabaseSync {
  return openSqliteFile(join(directory, FILE_NAME), MIGRATIONS, LOSS);
}
