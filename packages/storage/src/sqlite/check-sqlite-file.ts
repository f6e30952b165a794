import { accessSync, closeSync, constants, openSync, readSync, statSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { damageAdvice, SqliteOpenError } from './sqlite-open-error.ts';

/** The header of a write-ahead log (https://sqlite.org/fileformat2.html#walformat): eight big-endian words. */
const LOG_HEADER_BYTES = 32;
const LOG_MAGIC = 0x377f0682;
const LOG_FORMAT = 3_007_000;
/** A living writer may be in the middle of a header; two looks that far apart do not both meet it. In ms. */
const SECOND_LOOK_MS = 20;
const LOOKS = 3;
/** A larger file is not read as a whole before the start; what is damaged in it is met when it is used. In bytes. */
const LARGEST_CHECKED_BYTES = 256 * 1024 * 1024;

/**
 * Looks at a database's files before SQLite opens them. SQLite itself takes an empty file for a new database and a damaged log for an empty
 * one, and opens what cannot be written for reading: each time without a word.
 * @returns whether the file is there.
 * @throws SqliteOpenError `file_damaged`, `log_damaged`; the system's error when a file or the folder cannot be written.
 */
export function checkBeforeOpening(path: string, loss: string): boolean {
  const file = statIfThere(path);
  const log = statIfThere(`${path}-wal`);
  if (file?.isDirectory() === true) return true;
  if (file?.size === 0) throw damaged(path, 'is empty, and was not when it was made', loss);
  if (!file && log && log.size > 0) throw damaged(path, `is missing, but its log ${path}-wal is there`, loss);
  accessSync(dirname(path), constants.R_OK | constants.W_OK | constants.X_OK);
  for (const part of [path, `${path}-wal`, `${path}-shm`])
    if (statIfThere(part)) accessSync(part, constants.R_OK | constants.W_OK);
  if (log && log.size > 0 && !isSoundLog(`${path}-wal`)) {
    throw new SqliteOpenError('log_damaged', path, {
      message:
        `The log ${path}-wal is damaged. Each change is moved from the log into ${path} at once, so at most the last one is lost: ` +
        `move ${path}-wal and ${path}-shm away and start again, or put back a copy of the file.`,
    });
  }
  return file !== undefined;
}

/**
 * Reads the whole database once, unless it is large.
 * @throws SqliteOpenError `file_damaged`, or SQLite's own error.
 */
export function checkContent(database: DatabaseSync, path: string, loss: string): void {
  if (statSync(path).size > LARGEST_CHECKED_BYTES) return;
  const found = database.prepare('PRAGMA quick_check(1)').get()?.quick_check;
  if (found !== 'ok')
    throw damaged(path, `is damaged (${String(found).slice(0, 200).replaceAll('\n', ' ')})`, loss);
}

function damaged(path: string, what: string, loss: string): SqliteOpenError {
  return new SqliteOpenError('file_damaged', path, { message: damageAdvice(path, what, loss) });
}

function isSoundLog(path: string): boolean {
  for (let look = 0; look < LOOKS; look += 1) {
    if (look > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SECOND_LOOK_MS);
    if (isSoundHeader(readHeader(path))) return true;
  }
  return false;
}

/** @returns whether SQLite would go on to read the frames behind this header. */
function isSoundHeader(header: Buffer): boolean {
  // A log that its last user has just emptied.
  if (header.byteLength === 0) return true;
  if (header.byteLength < LOG_HEADER_BYTES) return false;
  const magic = header.readUInt32BE(0);
  if ((magic & ~1) >>> 0 !== LOG_MAGIC || header.readUInt32BE(4) !== LOG_FORMAT) return false;
  // The last bit of the magic number says in which order the bytes of a word are summed up.
  const word = (at: number): number => (magic & 1 ? header.readUInt32BE(at) : header.readUInt32LE(at));
  let [first, second] = [0, 0];
  for (let at = 0; at < 24; at += 8) {
    first = (first + word(at) + second) >>> 0;
    second = (second + word(at + 4) + first) >>> 0;
  }
  return first === header.readUInt32BE(24) && second === header.readUInt32BE(28);
}

function readHeader(path: string): Buffer {
  const header = Buffer.alloc(LOG_HEADER_BYTES);
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    // Its last user has just closed the database, and with it removed the log.
    if (isMissing(error)) return header.subarray(0, 0);
    throw error;
  }
  try {
    return header.subarray(0, readSync(file, header, 0, LOG_HEADER_BYTES, 0));
  } finally {
    closeSync(file);
  }
}

function statIfThere(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
