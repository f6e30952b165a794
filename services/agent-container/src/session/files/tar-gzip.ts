import type { Transform } from 'node:stream';
import { createGzip } from 'node:zlib';
import { Header, Pax } from 'tar';

const BLOCK_BYTES = 512;
const GATHERED_BYTES = 128 * 1024;
const END_OF_ARCHIVE = Buffer.alloc(2 * BLOCK_BYTES);

/** What an archive says of one of its members; times in the machine's clock. */
export interface Member {
  readonly path: string;
  /** POSIX permission bits. */
  readonly mode: number;
  readonly modified: Date;
}

/**
 * Writes a gzipped tar archive as a stream, member by member. No user, group or machine is named in it.
 * Names that the old header has no room for go into a pax header, as every tar since 2001 reads it.
 */
export class TarGzip {
  readonly #gzip = createGzip({ level: 6 });
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;

  /** The archive; it must be read while members are added. */
  get stream(): Transform {
    return this.#gzip;
  }

  /** @param content exactly `size` bytes. */
  async addFile(
    member: Member,
    size: number,
    content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<void> {
    await this.#writeHeader({ ...member, type: 'File', size });
    let written = 0;
    for await (const chunk of content) {
      written += chunk.byteLength;
      await this.#write(chunk);
    }
    if (written !== size) throw new RangeError(`${member.path} has ${written} bytes instead of ${size}`);
    await this.#write(Buffer.alloc((BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES));
  }

  async addLink(member: Member, target: string): Promise<void> {
    await this.#writeHeader({ ...member, type: 'SymbolicLink', size: 0, linkpath: target });
  }

  async addDirectory(member: Member): Promise<void> {
    await this.#writeHeader({ ...member, path: `${member.path}/`, type: 'Directory', size: 0 });
  }

  async end(): Promise<void> {
    await this.#write(END_OF_ARCHIVE);
    await this.#flush();
    this.#gzip.end();
  }

  /** Ends the stream as broken: whoever reads it learns that the archive is not whole. */
  fail(error: Error): void {
    this.#gzip.destroy(error);
  }

  async #writeHeader({
    modified,
    ...fields
  }: Member & {
    type: 'File' | 'SymbolicLink' | 'Directory';
    size: number;
    linkpath?: string;
  }): Promise<void> {
    // The old header counts whole seconds.
    const data = { ...fields, mtime: new Date(Math.floor(modified.getTime() / 1000) * 1000), uid: 0, gid: 0 };
    const header = new Header(data);
    if (header.encode()) {
      const { path, size, linkpath } = fields;
      await this.#write(new Pax({ path, size, ...(linkpath === undefined ? {} : { linkpath }) }).encode());
    }
    await this.#write(header.block ?? Buffer.alloc(0));
  }

  /** Gathers what is small: each piece that is compressed by itself is a journey to another thread. The bytes must not change any more. */
  async #write(bytes: Uint8Array): Promise<void> {
    this.#gathered.push(bytes);
    this.#gatheredBytes += bytes.byteLength;
    if (this.#gatheredBytes >= GATHERED_BYTES) await this.#flush();
  }

  /** Resolves when the bytes were taken: who reads the archive sets the pace. */
  #flush(): Promise<void> {
    const [first = Buffer.of(), ...more] = this.#gathered;
    const bytes = more.length === 0 ? first : Buffer.concat(this.#gathered);
    this.#gathered = [];
    this.#gatheredBytes = 0;
    return new Promise((resolve, reject) => {
      if (bytes.byteLength === 0) resolve();
      else this.#gzip.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  }
}
