import { once } from 'node:events';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Parser, type ReadEntry } from 'tar';

/** What becomes of one member: reads its content to the end, or throws. */
export type Take = (content: AsyncIterable<Uint8Array>) => Promise<void>;

/** Room for the headers of a member: the old one, a pax header with the longest path, and the padding. */
const OVERHEAD_BYTES_PER_MEMBER = 16 * 1024;

/**
 * Reads a gzipped tar archive as it comes, member by member, without unpacking it anywhere.
 * @param archive its bytes, in pieces.
 * @param limit what the archive holds at most; one that unpacks to more is broken off.
 * @param choose decides by name and size what is taken; undefined passes it over. Only plain files are offered.
 * @throws when the archive is damaged or larger than the limit, and what `archive` or a taker throws.
 */
export async function untarGzip(
  archive: AsyncIterable<Uint8Array>,
  limit: { readonly bytes: number; readonly members: number },
  choose: (name: string, size: number) => Take | undefined,
): Promise<void> {
  const limitBytes = limit.bytes + (limit.members + 1) * OVERHEAD_BYTES_PER_MEMBER;
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  const fail = (error: unknown): void =>
    failed.reject(error instanceof Error ? error : new Error(String(error)));
  const taken: Promise<void>[] = [];
  const open = new Set<ReadEntry>();
  // Given plain bytes, it would look for another compression in them.
  const parser = new Parser({
    strict: true,
    gzip: false,
    brotli: false,
    zstd: false,
    onReadEntry: (entry) => {
      let take: Take | undefined;
      try {
        if (entry.type === 'File') take = choose(entry.path, entry.size);
      } catch (error) {
        // The parser may call this from a stream's event, where nobody would catch it.
        fail(error);
      }
      if (!take) {
        entry.resume();
        return;
      }
      open.add(entry);
      // A taker that is not reading yet hears of it when it does.
      entry.on('error', () => undefined);
      taken.push(
        take(contentOf(entry))
          .catch(fail)
          .finally(() => open.delete(entry)),
      );
    },
  });
  parser.on('error', fail);
  const ended = once(parser, 'end');
  ended.catch(() => undefined);
  let unpackedBytes = 0;
  const read = async (): Promise<void> => {
    // What fails in one of the two ends the other, and is thrown here.
    const unpacked = pipeline(Readable.from(archive, { objectMode: false }), createGunzip(), () => undefined);
    for await (const chunk of unpacked as AsyncIterable<Buffer>) {
      unpackedBytes += chunk.byteLength;
      if (unpackedBytes > limitBytes) throw new RangeError(`The archive holds more than ${limitBytes} bytes`);
      if (!parser.write(chunk)) await once(parser, 'drain');
    }
    parser.end();
    await ended;
    await Promise.all(taken);
  };
  try {
    await Promise.race([read(), failed.promise]);
  } catch (error) {
    // Nothing more comes for those who still read.
    for (const entry of open)
      entry.destroy(new Error('The archive was not read to its end', { cause: error }));
    await Promise.all(taken);
    throw error;
  }
}

function contentOf(entry: ReadEntry): AsyncIterable<Uint8Array> {
  return entry as AsyncIterable<Uint8Array>;
}
