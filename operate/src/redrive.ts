// npm run redrive [-- [--stack NAME] --list | -- [--stack NAME] <update id>]: dead letters go back to the queue to be tried again, or are only listed.
import { parseArgs } from 'node:util';
import { openQueue, readQueueConfig } from '@omnicloud/local';
import { readEnvFile } from '@omnicloud/settings';
import type { DeadLetter, TurnQueue } from '@omnicloud/sdk-client';
import { ConfigError } from '@omnicloud/settings';
import { STACK_NAME } from './aws/deployment.ts';
import { OperateError } from './operate-error.ts';
import { isHelpAsked } from './run-command.ts';
import { queueOf } from './aws/stack-queue.ts';

const USAGE = `Usage: npm run redrive [-- --stack <name>] [--list | <update id>]
Turns that were given up are tried again, or the one with this id, or they are only listed. Without --stack they are those of the settings (.env).`;
const SHOWN_CHARACTERS = 60;

/** @returns one line: the update's id, its chat (and topic), when it died and how it begins. */
function lineOf({ turn, diedAt }: DeadLetter): string {
  const chat = turn.thread_id === null ? turn.chat_id : `${turn.chat_id}:${turn.thread_id}`;
  const characters = Array.from(wordsOf(turn).replaceAll(/[\s\p{C}]+/gu, ' '));
  const text = characters.slice(0, SHOWN_CHARACTERS).join('');
  return `update ${turn.update_id}, chat ${chat}, died ${diedAt.toISOString()}: ${text}`;
}

function wordsOf({ ask }: DeadLetter['turn']): string {
  switch (ask.kind) {
    case 'message':
      return ask.text;
    case 'command':
      return [`/${ask.command}`, ask.text].filter((word) => word !== undefined).join(' ');
    case 'refusal':
      return `(${ask.reason})`;
    case 'kept_answer':
      return `(the answer to update ${ask.of}, which its chat did not take)`;
    case 'migration':
      return `(migration to ${ask.to_chat_id})`;
  }
}

/** The deployment whose dead letters are meant; undefined: those of the settings. */
interface Where {
  stack: string | undefined;
}
type Wish = Where & ({ kind: 'list' } | { kind: 'redrive'; updateId?: number });

/** @returns what to do; undefined when the arguments make no sense. */
function wish(args: string[]): Wish | undefined {
  const { values, positionals } = parseArgs({
    args,
    options: { list: { type: 'boolean', default: false }, stack: { type: 'string' } },
    allowPositionals: true,
    strict: false,
  });
  const [id, ...others] = positionals;
  const isKnown = Object.keys(values).every((name) => name === 'list' || name === 'stack');
  if (!isKnown || others.length > 0 || (id !== undefined && (values.list || !/^\d+$/.test(id)))) {
    return undefined;
  }
  const { stack } = values;
  if (stack !== undefined && (typeof stack !== 'string' || !STACK_NAME.test(stack))) return undefined;
  if (values.list) return { stack, kind: 'list' };
  return id === undefined ? { stack, kind: 'redrive' } : { stack, kind: 'redrive', updateId: Number(id) };
}

/** @returns one line. A refused connection has no message of its own, only a code. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return `${error.name}: ${error.message || (code ?? 'no reason given')}`.replaceAll(/\s+/g, ' ');
}

async function fulfil(wanted: Wish, queue: TurnQueue): Promise<string> {
  if (wanted.kind === 'redrive') return `${await queue.redrive(wanted.updateId)} went back to the queue`;
  const letters = await queue.deadLetters();
  for (const letter of letters) console.log(lineOf(letter));
  return `${letters.length} dead`;
}

/** @returns the process's exit code. */
async function main(): Promise<0 | 1> {
  const args = process.argv.slice(2);
  if (isHelpAsked(args)) {
    console.log(USAGE);
    return 0;
  }
  const wanted = wish(args);
  if (!wanted) {
    console.error(USAGE);
    return 1;
  }
  let unreadable = 0;
  const onError = (error: unknown): void => {
    if (error instanceof Error && 'code' in error && error.code === 'unreadable_turn') unreadable += 1;
    console.error(reasonOf(error));
  };
  try {
    readEnvFile();
    const { queue, place, close } = await openQueue(
      wanted.stack === undefined ? readQueueConfig() : await queueOf(wanted.stack),
      onError,
    );
    try {
      const done = await fulfil(wanted, queue);
      console.log(`${done} in ${place}`);
      if (unreadable > 0) console.log(`${unreadable} cannot be read and stay where they are`);
    } finally {
      close();
    }
    return 0;
  } catch (error) {
    console.error(
      error instanceof ConfigError || error instanceof OperateError
        ? error.message
        : `The queue cannot be used: ${reasonOf(error)}`,
    );
    return 1;
  }
}

// SQS hides the letters that are being read from everybody else: they are given back first, also when this is interrupted.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
process.exitCode = await main();
