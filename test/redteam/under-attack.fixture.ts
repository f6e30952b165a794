import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FORUM, PERSON } from '../fakes/telegram-server.ts';
import type { Attack } from './attack.ts';
import type { Stage } from './stage.fixture.ts';

/** What others felt of an attack. */
export interface Felt {
  /** How long another chat waited for its answer, in milliseconds. */
  readonly neighbourMs: number;
  /** The slowest of the server's answers to a request that asks for nothing. */
  readonly slowestMs: number;
  /** The most memory that the server had until then, in MB. */
  readonly peakMb: number;
}

/** @returns how long the neighbour waits when nothing else happens. */
export async function neighbourAlone(stage: Stage): Promise<number> {
  const began = performance.now();
  const answered = stage.telegram.calls.length;
  stage.telegram.standIn.sendAsUser({ chat_id: FORUM, text: 'Are you there?' });
  await answerTo(stage, FORUM, answered);
  return performance.now() - began;
}

/** The neighbour asks as soon as the attack has begun. */
export async function feel(stage: Stage, attack: Attack): Promise<Felt> {
  const answered = stage.telegram.calls.length;
  for (const call of attack.calls(stage.ground())) stage.model.reply({ type: 'tool_use', ...call });
  return feelUntil(stage, () => answerTo(stage, PERSON, answered));
}

/** @param isOver resolves when the attacker's turn has ended. */
export async function feelUntil(stage: Stage, isOver: () => Promise<void>): Promise<Felt> {
  stage.telegram.standIn.sendAsUser({ chat_id: PERSON, text: 'Go on' });
  await hasBegun(stage);
  const ended = new AbortController();
  const slowest = slowestAnswer(stage, ended.signal);
  const neighbourMs = await neighbourAlone(stage);
  await isOver();
  ended.abort();
  return { neighbourMs, slowestMs: await slowest, peakMb: peakOf(stage) };
}

/**
 * Begins an attack and asks the server for nothing, again and again, until an answer takes longer than some time.
 * @returns how long that one took, in milliseconds.
 */
export async function untilSlow(stage: Stage, attack: Attack, slowMs: number): Promise<number> {
  for (const call of attack.calls(stage.ground())) stage.model.reply({ type: 'tool_use', ...call });
  stage.telegram.standIn.sendAsUser({ chat_id: PERSON, text: 'Go on' });
  await hasBegun(stage);
  for (;;) {
    const tookMs = await timeOfAnswer(stage);
    if (tookMs > slowMs) return tookMs;
    await delay(50);
  }
}

async function answerTo(stage: Stage, chatId: number, since: number): Promise<void> {
  // An answer of the model that nothing was scripted for, with or without a note on the next lines, or an apology.
  const isAnswer = (call: { payload: unknown }): boolean => {
    const text = JSON.stringify(call.payload);
    return text.includes(String(chatId)) && /"ok["\\]|could not answer|went wrong/.test(text);
  };
  while (!stage.telegram.calls.slice(since).some(isAnswer)) await delay(20);
}

/** Waits for the mark that an attack makes in its workspace, and takes it away. */
export async function hasBegun(stage: Stage): Promise<void> {
  const work = join(stage.ground().dataDir, 'work');
  for (;;) {
    const mark = readdirSync(work)
      .map((id) => join(work, id, 'workspace', 'attacking'))
      .find((path) => existsSync(path));
    if (mark !== undefined) {
      rmSync(mark);
      return;
    }
    await delay(20);
  }
}

async function slowestAnswer(stage: Stage, signal: AbortSignal): Promise<number> {
  let slowest = 0;
  while (!signal.aborted) {
    slowest = Math.max(slowest, await timeOfAnswer(stage));
    await delay(50);
  }
  return slowest;
}

async function timeOfAnswer(stage: Stage): Promise<number> {
  const began = performance.now();
  // Each time a new connection: the server ends one that was kept while it could not look at it.
  const asked = get(`${stage.ground().serverUrl}/nothing`, { agent: false });
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  await response.toArray();
  return performance.now() - began;
}

function peakOf(stage: Stage): number {
  const status = readFileSync(`/proc/${stage.ground().serverPid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}
