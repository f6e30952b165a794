// DATA_DIR → a lock of the operating system's, held as long as this process lives → who holds it, for the next one that wants it
import { closeSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';

/** Two starts at the same moment are decided within milliseconds; a server that is ending may need a moment. In ms. */
const WAIT_MS = 1_000;
/** SQLite's code when another process has the lock (https://sqlite.org/rescode.html#busy). */
const SQLITE_BUSY = 5;
const LARGEST_NOTE_BYTES = 4_096;

const noteSchema = z.object({
  pid: z.int().positive(),
  host: z.string().max(255),
  url: z.url({ protocol: /^https?$/ }).optional(),
});
type Note = z.infer<typeof noteSchema>;

/** The folder cannot be this server's alone. The message says what to do. */
export class DataFolderError extends Error {
  override readonly name = 'DataFolderError';
  readonly code: 'already_running' | 'lock_unavailable';
  readonly retryable: boolean;

  constructor(code: DataFolderError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.retryable = code === 'already_running';
  }
}

export interface DataFolderLock {
  /** Lets those that are refused know where this server is. */
  note(url: string): void;
  release(): void;
}

/**
 * Makes this process the only server of the folder, which is made when it is missing. The lock is one of the operating system's on an
 * empty SQLite file: it ends with the process, however that ends, and does not travel with a copy of the folder. Beside it, `server.json`
 * says who holds it; nothing is decided by that file.
 * @param onTrouble hears that the note could not be completed.
 * @throws DataFolderError when another process has it, or it cannot be had; the system's error when the folder cannot be used.
 */
export function lockDataFolder(folder: string, onTrouble: (error: unknown) => void): DataFolderLock {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'server.lock');
  // The system names the file in its error when the folder does not take files, which SQLite's error does not.
  closeSync(openSync(path, 'a', 0o600));
  const lock = new DatabaseSync(path, { timeout: WAIT_MS });
  try {
    // Nothing is ever written, so nothing has to be taken back.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    const isBusy = error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
    throw isBusy ? alreadyRunning(folder) : lockUnavailable(path, error);
  }
  const own: Note = { pid: process.pid, host: hostname() };
  try {
    writeNote(folder, own);
  } catch (error) {
    lock.close();
    throw error;
  }
  return {
    note: (url) => {
      try {
        writeNote(folder, { ...own, url });
      } catch (error) {
        // The lock decides; without the address, only the message to a second server says less.
        onTrouble(error);
      }
    },
    release: () => {
      rmSync(notePath(folder), { force: true });
      lock.close();
    },
  };
}

function alreadyRunning(folder: string): DataFolderError {
  const holder = readNote(folder);
  const where = holder?.url === undefined ? '' : ` at ${holder.url}`;
  const place = holder === undefined || holder.host === hostname() ? '' : ` on ${holder.host}`;
  const who = holder === undefined ? '' : ` (pid ${holder.pid}${place})`;
  return new DataFolderError(
    'already_running',
    `The server is already running${where}${who} with the data folder ${folder}. ` +
      'Stop that one first, or set DATA_DIR to another folder for a second one.',
  );
}

function lockUnavailable(path: string, cause: unknown): DataFolderError {
  const said = cause instanceof Error ? cause.message : String(cause);
  return new DataFolderError(
    'lock_unavailable',
    `${path} cannot be locked, so a second server could not be kept out. On a drive that knows no locks, set DATA_DIR to a folder ` +
      `elsewhere; otherwise remove the file and start again. (${said})`,
    { cause },
  );
}

function notePath(folder: string): string {
  return join(folder, 'server.json');
}

function writeNote(folder: string, note: Note): void {
  const draft = `${notePath(folder)}.draft`;
  writeFileSync(draft, JSON.stringify(note), { mode: 0o600 });
  renameSync(draft, notePath(folder));
}

/** @returns undefined when the note is not there, or is not one that a server wrote: it only makes the message better. */
function readNote(folder: string): Note | undefined {
  try {
    const file = openSync(notePath(folder), 'r');
    try {
      const bytes = Buffer.alloc(LARGEST_NOTE_BYTES);
      const text = bytes.toString('utf8', 0, readSync(file, bytes, 0, LARGEST_NOTE_BYTES, 0));
      return noteSchema.safeParse(JSON.parse(text)).data;
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}
