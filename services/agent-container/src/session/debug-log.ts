import { appendFile } from 'node:fs/promises';
import { openFileItself } from './home/read-plain.ts';
import type { SessionHome } from './home/session-home.ts';

/** What is kept of the debug log altogether, in bytes. */
export const DEBUG_LOG_LIMIT_BYTES = 256 * 1024;

/** A turn that says more than this loses its middle, so that it leaves room for the turns before it. In bytes. */
const TURN_LIMIT_BYTES = 96 * 1024;
const HEAD_BYTES = 16 * 1024;

/** What is read of a log that one turn may have made as long as it liked, in bytes: its beginning, with the turns before, and its end. */
const READ_BYTES = 2 * DEBUG_LOG_LIMIT_BYTES;

const TURN_HEADING = /^=== turn /m;

/** Says in the log that a turn begins. `key` is the one under which the caller knows the turn. */
export async function headDebugLog(home: SessionHome, key: string | undefined, at: Date): Promise<void> {
  // One line, whatever the caller put into its key.
  const name = (key ?? 'without a key').replaceAll(/\p{Cc}/gu, ' ');
  await appendFile(home.debugLog, `=== turn ${name}, ${at.toISOString()}\n`, { mode: 0o600 });
}

/** @returns the log's last turns within the limit, each with its heading; undefined when there is no log. */
export async function readDebugLog(home: SessionHome): Promise<Uint8Array | undefined> {
  const log = await readEnds(home.debugLog);
  return log === undefined ? undefined : boundDebugLog(log);
}

/** @returns whole turns from the end as long as they fit, each without its middle when it is long; of the last one at least its end. */
export function boundDebugLog(log: Buffer): Buffer {
  if (log.byteLength <= DEBUG_LOG_LIMIT_BYTES) return log;
  // Byte by byte a character, so that positions are bytes.
  const turns = log.toString('latin1').split(/^(?==== turn )/m);
  const kept: Buffer[] = [];
  let room = DEBUG_LOG_LIMIT_BYTES;
  for (const turn of turns.reverse()) {
    const bytes = Buffer.from(turn, 'latin1');
    const part = TURN_HEADING.test(turn) ? withoutMiddle(bytes) : lastLines(bytes, room);
    if (part.byteLength > room) break;
    kept.unshift(part);
    room -= part.byteLength;
  }
  return Buffer.concat(kept);
}

function withoutMiddle(turn: Buffer): Buffer {
  if (turn.byteLength <= TURN_LIMIT_BYTES) return turn;
  const head = turn.subarray(0, turn.lastIndexOf('\n', HEAD_BYTES) + 1);
  const tail = lastLines(turn, TURN_LIMIT_BYTES - HEAD_BYTES - 100);
  const left = turn.byteLength - head.byteLength - tail.byteLength;
  return Buffer.concat([head, Buffer.from(`… ${left} bytes left out …\n`), tail]);
}

function lastLines(log: Buffer, limit: number): Buffer {
  if (log.byteLength <= limit) return log;
  const tail = log.subarray(log.byteLength - limit);
  return tail.subarray(tail.indexOf(0x0a) + 1);
}

async function readEnds(path: string): Promise<Buffer | undefined> {
  const file = await openFileItself(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!file) return undefined;
  try {
    const { size } = await file.stat();
    if (size <= 2 * READ_BYTES) return await file.readFile();
    const buffer = Buffer.alloc(2 * READ_BYTES);
    const head = await file.read(buffer, 0, READ_BYTES, 0);
    const tail = await file.read(buffer, head.bytesRead, READ_BYTES, size - READ_BYTES);
    return buffer.subarray(0, head.bytesRead + tail.bytesRead);
  } finally {
    await file.close();
  }
}
