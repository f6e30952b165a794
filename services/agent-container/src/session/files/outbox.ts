// a path that the agent names → a file of its workspace, whatever is swapped meanwhile → a copy that nobody else can reach, until the turn is saved
import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readlink, realpath, rm } from 'node:fs/promises';
import { basename, join, resolve, sep } from 'node:path';
import type { SentFile } from '@omnicloud/protocol';
import { NoPlainFileError, openFileItself } from '../home/read-plain.ts';
import { safeFileName } from './safe-file-name.ts';
import type { SessionHome } from '../home/session-home.ts';

/** What Telegram takes as one file from a bot. https://core.telegram.org/bots/api#senddocument In bytes. */
const MAX_FILE_BYTES = 50_000_000;
/** All of them lie on this machine's disk until they are stored. In bytes. */
const MAX_TURN_BYTES = 100_000_000;
const CHUNK_BYTES = 256 * 1024;
const MAX_FILES = 10;
/** https://core.telegram.org/bots/api#senddocument In UTF-16 code units. */
const MAX_CAPTION_LENGTH = 1_024;

/** A file on its way to the chat. */
export interface OutgoingFile {
  readonly file: SentFile;
  /** @returns its content as it was when it was sent; one of them fits into memory. */
  readonly read: () => Promise<Uint8Array>;
}

/** Why a file cannot be sent; the message is written for the agent, and tells nothing of what lies outside its workspace. */
export class UnsendableFileError extends Error {
  override readonly name = 'UnsendableFileError';
  readonly code = 'unsendable_file';
  readonly retryable = false;
}

/** What the agent sends to the chat in one turn. A file is taken as it is at that moment. */
export class Outbox implements AsyncDisposable {
  readonly #home: SessionHome;
  readonly #files: OutgoingFile[] = [];
  readonly #copies: FileHandle[] = [];
  #heldBytes = 0;
  #isOver = false;
  /** The file that is being taken. */
  #taking: Promise<unknown> = Promise.resolve();

  constructor(home: SessionHome) {
    this.#home = home;
  }

  get files(): readonly OutgoingFile[] {
    return this.#files;
  }

  /**
   * @param path relative to the working directory, or absolute within it.
   * @throws UnsendableFileError when it is no file of the workspace, is empty or too large, or is one too many.
   */
  async add(path: string, caption?: string): Promise<SentFile> {
    if (this.#isOver) throw new UnsendableFileError('The turn is over; nothing more can be sent in it.');
    // One after another: of thirty files at once, each would find room for itself.
    const taken = this.#taking.then(() => this.#add(path, caption));
    this.#taking = taken.catch(() => undefined);
    return taken;
  }

  /** Frees the copies. Whatever is still being taken is waited for. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#taking;
    for (const copy of this.#copies.splice(0)) await copy.close();
  }

  async #add(path: string, caption: string | undefined): Promise<SentFile> {
    if (this.#files.length >= MAX_FILES)
      throw new UnsendableFileError(`At most ${MAX_FILES} files can be sent in one turn.`);
    const { copy, size } = await this.#take(path, Math.min(MAX_FILE_BYTES, MAX_TURN_BYTES - this.#heldBytes));
    this.#copies.push(copy);
    this.#heldBytes += size;
    const text = caption?.trim().slice(0, MAX_CAPTION_LENGTH).toWellFormed();
    const file: SentFile = {
      file_id: randomUUID(),
      name: safeFileName(basename(path), 'file'),
      size,
      ...(text === undefined || text === '' ? {} : { caption: text }),
    };
    this.#files.push({ file, read: () => contentOf(copy, size) });
    return file;
  }

  async #take(path: string, maxBytes: number): Promise<{ copy: FileHandle; size: number }> {
    const workspace = await realpath(this.#home.workspace);
    const asTidied = resolve(workspace, path);
    if (path.includes('\0') || !isWithin(workspace, asTidied)) throw outside(path);
    const file = await openWithin(workspace, asTidied).catch((error: unknown) => {
      if (error instanceof UnsendableFileError) throw error;
      if (error instanceof NoPlainFileError)
        throw new UnsendableFileError(`${path} is not a file.`, { cause: error });
      // Whatever is wrong with it, it lies in the agent's own workspace.
      throw new UnsendableFileError(`${path} cannot be read: is there such a file?`, { cause: error });
    });
    try {
      const { size } = await file.stat();
      if (size === 0) throw new UnsendableFileError(`${path} is empty, and Telegram takes no empty files.`);
      if (size > maxBytes)
        throw new UnsendableFileError(
          `${path} has ${size} bytes; at most ${maxBytes} can still be sent in this turn. Split or compress it.`,
        );
      return await this.#copy(file, size);
    } finally {
      await file.close();
    }
  }

  /** The copy has no name, so that the agent cannot reach it although it may be the server's own user, and it ends with the server. */
  async #copy(file: FileHandle, size: number): Promise<{ copy: FileHandle; size: number }> {
    const { spool } = this.#home;
    await mkdir(spool, { recursive: true, mode: 0o700 });
    const path = join(spool, randomUUID());
    const copy = await open(path, 'wx+', 0o600);
    try {
      await rm(path);
      const chunk = Buffer.alloc(Math.min(size, CHUNK_BYTES));
      let copied = 0;
      while (copied < size) {
        const { bytesRead } = await file.read(chunk, 0, Math.min(chunk.byteLength, size - copied), copied);
        if (bytesRead === 0) break;
        await copy.write(chunk, 0, bytesRead, copied);
        copied += bytesRead;
      }
      return { copy, size: copied };
    } catch (error) {
      await copy.close();
      throw error;
    }
  }
}

async function contentOf(copy: FileHandle, size: number): Promise<Uint8Array> {
  const content = Buffer.alloc(size);
  for (let at = 0; at < size;) {
    const { bytesRead } = await copy.read(content, at, size - at, at);
    if (bytesRead === 0) throw new RangeError('The copy of a file is shorter than it was');
    at += bytesRead;
  }
  return content;
}

async function openWithin(workspace: string, path: string): Promise<FileHandle> {
  const real = await realpath(path);
  if (!isWithin(workspace, real)) throw outside(path);
  const file = await openFileItself(real);
  try {
    if (!(await isOpenedWithin(file, real, workspace))) throw outside(path);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * A command of the agent may swap a directory for a link at any moment: what counts is where the opened file lies.
 * @param path that it was opened by.
 */
export async function isOpenedWithin(file: FileHandle, path: string, folder: string): Promise<boolean> {
  // Elsewhere than on Linux no shell is confined, so nothing runs beside us that could not read the file itself.
  return isWithin(
    folder,
    process.platform === 'linux' ? await readlink(`/proc/self/fd/${file.fd}`) : await realpath(path),
  );
}

function isWithin(folder: string, path: string): boolean {
  return path.startsWith(folder + sep);
}

function outside(path: string): UnsendableFileError {
  return new UnsendableFileError(
    `${path} is outside the workspace of this chat; only files in the working directory can be sent. Copy it there first.`,
  );
}
