import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Damage } from '../evidence/evidence.ts';
import type { SessionNames } from '../evidence/session-names.ts';
import type { Random } from '../surroundings/random.ts';

/** `cut`: the last line ends in its middle; `garbled`: a line in the middle cannot be read; `gone`: there is no object. */
const KINDS = ['cut', 'garbled', 'gone'] as const;
type Kind = (typeof KINDS)[number];

/** Damages the stored conversations of an embedded store. */
export class ObjectDamage {
  readonly #objects: string;
  readonly #names: SessionNames;
  readonly #random: Random;
  readonly #done: Damage[] = [];

  /** @param objects the folder of the store. */
  constructor(objects: string, names: SessionNames, random: Random) {
    this.#objects = objects;
    this.#names = names;
    this.#random = random;
  }

  get done(): readonly Damage[] {
    return this.#done;
  }

  /** Damages what is stored of a conversation that nobody works on. Nothing happens where nothing is stored. */
  async damage(session: string): Promise<void> {
    const id = this.#names.idOf(session);
    if (id === undefined) return;
    const path = join(this.#objects, 'sessions', id, 'conversation.jsonl');
    const lot = this.#random.occurrence(session);
    const kind = lot.pick(KINDS);
    const before = await textOf(path);
    if (before === undefined) return;
    const atMs = Date.now();
    if (kind === 'gone') await rm(path);
    else await replace(path, damaged(before, kind, lot));
    this.#done.push({ session, kind, atMs });
  }
}

function damaged(text: string, kind: Exclude<Kind, 'gone'>, lot: Random): string {
  const lines = text.trimEnd().split('\n');
  const index = kind === 'cut' ? lines.length - 1 : lot.integer(0, lines.length - 1);
  const line = lines[index] ?? '';
  const half = line.slice(0, line.length / 2);
  const spoilt = lines.with(index, half);
  return kind === 'cut' ? spoilt.join('\n') : `${spoilt.join('\n')}\n`;
}

/** At once, as the store does: nobody sees half of it. */
async function replace(path: string, text: string): Promise<void> {
  const draft = `${path}.damaged.draft`;
  await writeFile(draft, text);
  await rename(draft, path);
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
