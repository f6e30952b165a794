// backlog → the turns right behind this one that are of the same kind → marked in the ledger → one question to the agent
import {
  groupOf,
  MAX_ATTACHMENTS,
  MAX_USER_MESSAGE_LENGTH,
  type TelegramFile,
  type Turn,
} from '@omnicloud/protocol';
import { persistently } from '@omnicloud/storage';
import type { Backlog, BacklogEntry } from '../queue/backlog/backlog.ts';
import type { TurnLedger } from './turn-ledger.ts';
import type { MergedTurn, TurnRecord } from './turn-record.ts';
import type { TurnProgress } from './turn-progress.ts';

/**
 * The most messages that become one question, and the most UTF-8 bytes of their texts: the ledger's record of the turn holds them, and
 * one question of more would not be answered well.
 */
const MAX_MERGED = 400;
const MAX_MERGED_BYTES = 200_000;
/** So many followers are marked in the ledger at once. */
const MARKED_AT_ONCE = 10;

/** @returns what the user says in the turn, when it is for the agent. */
function textOf({ ask }: Turn): string | undefined {
  return ask.kind === 'message' || ask.kind === 'command' ? ask.text : undefined;
}

/** @returns what the user sends with it. */
function filesOf({ ask }: Turn): readonly TelegramFile[] {
  return ask.kind === 'message' ? (ask.files ?? []) : [];
}

/** @returns the messages that follow the turn without anything else or anybody else in between, as far as they fit into one question. */
export function followersOf(turn: Turn, backlog: readonly BacklogEntry[]): Turn[] {
  const position = backlog.findIndex((entry) => entry.turn.update_id === turn.update_id);
  const followers: Turn[] = [];
  let length = textOf(turn)?.length ?? Infinity;
  let bytes = Buffer.byteLength(textOf(turn) ?? '');
  let fileCount = filesOf(turn).length;
  for (const { turn: next } of position < 0 ? [] : backlog.slice(position + 1)) {
    if (next.ask.kind !== 'message' || next.sender.id !== turn.sender.id) break;
    length += SEPARATOR.length + next.ask.text.length;
    bytes += SEPARATOR.length + Buffer.byteLength(next.ask.text);
    fileCount += filesOf(next).length;
    const isFull =
      length > MAX_USER_MESSAGE_LENGTH || bytes > MAX_MERGED_BYTES || fileCount > MAX_ATTACHMENTS;
    if (isFull || followers.length === MAX_MERGED - 1) break;
    followers.push(next);
  }
  return followers;
}

const SEPARATOR = '\n\n';

/** @returns the question that the turn and those merged into it are together. */
export function questionOf(text: string, merged: readonly MergedTurn[]): string {
  return [text, ...merged.map((turn) => turn.text)].filter((part) => part !== '').join(SEPARATOR);
}

/**
 * Decides, once for all deliveries of the turn, which later ones it answers too. They are marked before that is written down, so
 * that whatever is interrupted, each is answered: by this turn when both say so, else by itself.
 */
export async function mergeTurns(
  turn: Turn,
  progress: TurnProgress,
  entries: readonly BacklogEntry[],
  { ledger, backlog }: { readonly ledger: TurnLedger; readonly backlog: Pick<Backlog, 'remove'> },
): Promise<readonly MergedTurn[]> {
  if (progress.merged) return progress.merged;
  // An earlier delivery may have asked the agent already, without the others.
  if (!progress.isFirst) return [];
  const merged: MergedTurn[] = [];
  const followers = followersOf(turn, entries);
  const marked = await markAll(followers, turn, ledger);
  const others = followers.filter((follower) => !marked.has(follower));
  // They were answered before and Telegram sent them once more.
  if (others.length > 0)
    await backlog.remove(
      groupOf(turn),
      others.map(({ update_id: id }) => id),
    );
  for (const follower of marked) {
    merged.push({
      updateId: follower.update_id,
      messageId: follower.message_id,
      text: textOf(follower) ?? '',
      ...(filesOf(follower).length === 0 ? {} : { files: [...filesOf(follower)] }),
    });
  }
  if (merged.length > 0) await progress.saveMerged(merged);
  return merged;
}

/** Marks the followers as answered by the turn. @returns those that nobody has begun with, in their order. */
export async function markAll(
  followers: readonly Turn[],
  turn: Turn,
  ledger: TurnLedger,
): Promise<ReadonlySet<Turn>> {
  const marked = new Set<Turn>();
  for (let first = 0; first < followers.length; first += MARKED_AT_ONCE) {
    const some = followers.slice(first, first + MARKED_AT_ONCE);
    const isMarked = await Promise.all(some.map((follower) => mark(follower, turn, ledger)));
    for (const [index, follower] of some.entries()) if (isMarked[index]) marked.add(follower);
  }
  return marked;
}

/** @returns false when somebody has begun with the follower already. */
async function mark(follower: Turn, { update_id: into }: Turn, ledger: TurnLedger): Promise<boolean> {
  const record = {
    state: 'merged' as const,
    version: 1,
    delivery: `merged-into-${into}`,
    posted: [],
    undecidableSends: 0,
    deferrals: 0,
    mergedInto: into,
  };
  const isMarked = await persistently(() => ledger.save(follower.update_id, record));
  return isMarked || mergedIntoOf(await ledger.find(follower.update_id)) === into;
}

/** @returns whether an earlier turn has taken this one with it. A mark alone does not say so: its writer may have died right after. */
export async function isAnsweredByAnother(
  turn: Turn,
  progress: TurnProgress,
  ledger: TurnLedger,
): Promise<boolean> {
  if (progress.mergedInto === undefined) return false;
  const leader = await ledger.find(progress.mergedInto);
  if (leader === undefined || leader.state === 'merged') return false;
  return leader.merged?.some(({ updateId }) => updateId === turn.update_id) ?? false;
}

function mergedIntoOf(record: TurnRecord | undefined): number | undefined {
  return record === undefined || record.state === 'running' ? undefined : record.mergedInto;
}
