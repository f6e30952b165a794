import { backlogKey, groupOf, TABLE_TTL_ATTRIBUTE, ttlSeconds, type Turn } from '@omnicloud/protocol';
import { DynamoTable, type DynamoTableOptions, type TableAttributes } from '@omnicloud/session-table';
import { z } from 'zod';
import { BacklogUnavailableError } from '../errors.ts';
import { type Backlog, BACKLOG_LIFE_MS, type BacklogEntry, MAX_BACKLOG } from './backlog.ts';
import { readBacklogEntry } from './read-backlog-entry.ts';

/** An item may have 400 KB (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html). */
const MAX_ITEM_BYTES = 300_000;
const ENTRY_NAME = /^u(\d+)$/;

const entrySchema = z.object({ turn: z.string(), behind: z.int(), addedAtMs: z.number() });
const storedSchema = z.object({ entry: z.preprocess(fromJson, entrySchema), place: z.int() });
type StoredEntry = z.infer<typeof entrySchema> & { readonly updateId: number; readonly place: number };

export interface DynamoBacklogOptions extends DynamoTableOptions {
  /** Milliseconds since 1970; the machine's clock unless told otherwise. */
  readonly now?: () => number;
}

/**
 * The backlog in DynamoDB: one item per group with two attributes per turn, its entry and its place in the order, so that adding and
 * removing need no more than one write and do not disturb each other. Throws BacklogUnavailableError.
 */
export class DynamoBacklog implements Backlog {
  readonly #table: DynamoTable;
  readonly #now: () => number;

  constructor({ now = Date.now, ...options }: DynamoBacklogOptions) {
    this.#table = new DynamoTable(options);
    this.#now = now;
  }

  async add(turn: Turn): Promise<void> {
    await using(async () => {
      const group = groupOf(turn);
      const item = await this.#withoutForgotten(group);
      const behind = this.#entriesOf(item).length;
      const addedAtMs = this.#now();
      const entry = JSON.stringify({ turn: JSON.stringify(turn), behind, addedAtMs });
      if (behind >= MAX_BACKLOG || sizeOf(item) + Buffer.byteLength(entry) > MAX_ITEM_BYTES) return;
      const { entryName, placeName } = namesOf(turn.update_id);
      await this.#table.updateIf(backlogKey(group), {
        // DynamoDB gives out the places: the clocks of several machines tell no order.
        update: `SET ${entryName} = :entry, ${TABLE_TTL_ATTRIBUTE} = :ttl,
          ${placeName} = if_not_exists(next_place, :first), next_place = if_not_exists(next_place, :first) + :one`,
        condition: `attribute_not_exists(${entryName})`,
        values: { ':entry': entry, ':ttl': ttlSeconds(addedAtMs + BACKLOG_LIFE_MS), ':first': 0, ':one': 1 },
      });
    });
  }

  async list(group: string): Promise<BacklogEntry[]> {
    const item = await using(() => this.#table.find(backlogKey(group)));
    return this.#entriesOf(item).flatMap(({ updateId, turn, behind }) =>
      readBacklogEntry(updateId, turn, behind),
    );
  }

  async remove(group: string, updateIds: readonly number[]): Promise<void> {
    if (updateIds.length === 0) return;
    await using(async () => {
      // DynamoDB refuses an expression that names an attribute twice.
      const names = [...new Set(updateIds)].flatMap((updateId) => Object.values(namesOf(updateId)));
      // Without the condition, removing from nothing would create an empty item that never expires.
      await this.#table.updateIf(backlogKey(group), {
        update: `REMOVE ${names.join(', ')}`,
        condition: `attribute_exists(${TABLE_TTL_ATTRIBUTE})`,
        values: undefined,
      });
    });
  }

  /** In a group that is always in use the item never expires, so what is forgotten in it has to be removed. */
  async #withoutForgotten(group: string): Promise<TableAttributes | undefined> {
    const item = await this.#table.find(backlogKey(group));
    const known = new Set(this.#entriesOf(item).map(({ updateId }) => updateId));
    const forgotten = updateIdsIn(item).filter((updateId) => !known.has(updateId));
    if (forgotten.length === 0) return item;
    await this.remove(group, forgotten);
    return this.#table.find(backlogKey(group));
  }

  /** @returns those that can be read and have not expired, in the order they were added. */
  #entriesOf(item: TableAttributes = {}): StoredEntry[] {
    const oldestMs = this.#now() - BACKLOG_LIFE_MS;
    return updateIdsIn(item)
      .flatMap((updateId): StoredEntry[] => {
        const { entryName, placeName } = namesOf(updateId);
        const { data } = storedSchema.safeParse({ entry: item[entryName], place: item[placeName] });
        return data === undefined ? [] : [{ ...data.entry, place: data.place, updateId }];
      })
      .filter(({ addedAtMs }) => addedAtMs > oldestMs)
      .sort((a, b) => a.place - b.place);
  }
}

function namesOf(updateId: number): { readonly entryName: string; readonly placeName: string } {
  return { entryName: `u${updateId}`, placeName: `p${updateId}` };
}

function updateIdsIn(item: TableAttributes = {}): number[] {
  return Object.keys(item).flatMap((name) => {
    const [, digits] = ENTRY_NAME.exec(name) ?? [];
    return digits === undefined ? [] : [Number(digits)];
  });
}

/** @returns undefined for what is no JSON. */
function fromJson(value: unknown): unknown {
  try {
    return JSON.parse(String(value));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function sizeOf(item: TableAttributes = {}): number {
  return Buffer.byteLength(JSON.stringify(item));
}

async function using<Result>(use: () => Promise<Result>): Promise<Result> {
  try {
    return await use();
  } catch (cause) {
    if (cause instanceof BacklogUnavailableError) throw cause;
    throw new BacklogUnavailableError('The view of what waits could not be used', { cause });
  }
}
