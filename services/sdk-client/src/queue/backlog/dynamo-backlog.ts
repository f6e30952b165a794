import { groupOf, type Turn } from '@omnicloud/protocol';
import {
  backlogKey,
  DynamoTable,
  type DynamoTableOptions,
  TABLE_TTL_ATTRIBUTE,
  type TableAttributes,
  ttlSeconds,
} from '@omnicloud/storage';
import { z } from 'zod';
import { BacklogUnavailableError } from '../../errors.ts';
import { type Backlog, BACKLOG_LIFE_MS, type BacklogEntry, MAX_BACKLOG, MAX_SEEN_BYTES } from './backlog.ts';
import { readBacklog, type StoredBacklogEntry } from './read-backlog.ts';

/** So many names fit into the 4 KB that an expression may have. */
const MAX_REMOVED_AT_ONCE = 100;
const ENTRY_NAME = /^u(\d+)$/;

const entrySchema = z.object({ turn: z.string(), behind: z.int(), addedAtMs: z.number() });

interface Entry extends StoredBacklogEntry {
  readonly addedAtMs: number;
  /** Counted by the table, because clocks differ between machines. */
  readonly position: number;
}

export interface DynamoBacklogOptions extends DynamoTableOptions {
  /** Milliseconds since 1970; the machine's clock unless told otherwise. */
  readonly now?: () => number;
}

/**
 * The backlog in DynamoDB: one item per group with two attributes per turn, `u<update id>` and its position `p<update id>`, so that
 * adding and removing need no more than one write and do not disturb each other. Throws BacklogUnavailableError, also when a group
 * has so many turns that not even their places fit into its item.
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
      const key = backlogKey(groupOf(turn));
      const item = await this.#table.find(key);
      const addedAtMs = this.#now();
      const oldestMs = addedAtMs - BACKLOG_LIFE_MS;
      const entries = entriesOf(item);
      const behind = entries.filter((entry) => entry.addedAtMs > oldestMs).length;
      const turnJson = JSON.stringify(turn);
      const canBeSeen = behind < MAX_BACKLOG && sizeOf(item) + Buffer.byteLength(turnJson) <= MAX_SEEN_BYTES;
      const id = turn.update_id;
      const forgotten = entries
        .filter((entry) => entry.addedAtMs <= oldestMs && entry.updateId !== id)
        .slice(0, MAX_REMOVED_AT_ONCE);
      await this.#table.updateIf(key, {
        update: `SET u${id} = :entry, p${id} = if_not_exists(added_count, :none),
          added_count = if_not_exists(added_count, :none) + :one, ${TABLE_TTL_ATTRIBUTE} = :ttl
          ${removing(forgotten.map(({ updateId }) => updateId))}`,
        condition: `attribute_not_exists(u${id}) OR u${id}.addedAtMs <= :oldestMs`,
        values: {
          ':entry': { turn: canBeSeen ? turnJson : '', behind, addedAtMs },
          ':none': 0,
          ':one': 1,
          ':oldestMs': oldestMs,
          ':ttl': ttlSeconds(addedAtMs + BACKLOG_LIFE_MS),
        },
      });
    });
  }

  async list(group: string): Promise<BacklogEntry[]> {
    const item = await using(() => this.#table.find(backlogKey(group)));
    const oldestMs = this.#now() - BACKLOG_LIFE_MS;
    const entries = entriesOf(item).filter(({ addedAtMs }) => addedAtMs > oldestMs);
    return readBacklog(entries.toSorted((a, b) => a.position - b.position));
  }

  async remove(group: string, updateIds: readonly number[]): Promise<void> {
    for (let first = 0; first < updateIds.length; first += MAX_REMOVED_AT_ONCE) {
      await using(async () => {
        // Without the condition, removing from nothing would create an empty item that never expires.
        await this.#table.updateIf(backlogKey(group), {
          update: removing(updateIds.slice(first, first + MAX_REMOVED_AT_ONCE)),
          condition: `attribute_exists(${TABLE_TTL_ATTRIBUTE})`,
          values: undefined,
        });
      });
    }
  }
}

function removing(updateIds: readonly number[]): string {
  if (updateIds.length === 0) return '';
  // DynamoDB refuses an expression that names an attribute twice.
  const names = [...new Set(updateIds)].flatMap((id) => [`u${id}`, `p${id}`]);
  return `REMOVE ${names.join(', ')}`;
}

/** @returns the item's entries in no order, expired ones too; what has not the shape of one is none. */
function entriesOf(item: TableAttributes = {}): Entry[] {
  return Object.entries(item).flatMap(([name, value]): Entry[] => {
    const [, digits] = ENTRY_NAME.exec(name) ?? [];
    const { data: entry } = entrySchema.safeParse(value);
    const { data: position } = z.number().safeParse(item[`p${digits}`]);
    if (digits === undefined || entry === undefined || position === undefined) return [];
    const { turn: turnJson, behind, addedAtMs } = entry;
    return [{ updateId: Number(digits), turnJson, behind, addedAtMs, position }];
  });
}

function sizeOf(item: TableAttributes = {}): number {
  return Buffer.byteLength(JSON.stringify(item));
}

async function using<Result>(use: () => Promise<Result>): Promise<Result> {
  try {
    return await use();
  } catch (cause) {
    throw new BacklogUnavailableError('The view of what waits could not be used', { cause });
  }
}
