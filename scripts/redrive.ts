// npm run redrive [-- --list | -- <update id>]: dead letters of the embedded queue go back to be tried again, or are only listed.
import { parseArgs } from 'node:util';
import { readDataDir, readEnvFile } from '@omnicloud/local';
import { type DeadLetter, SqliteTurnQueue } from '@omnicloud/sdk-client';

const USAGE = 'Usage: npm run redrive [-- --list | -- <update id>]';
const SHOWN_CHARACTERS = 60;

/** @returns one line: the update's id, its chat (and topic), when it died and how it begins. */
function lineOf({ turn, diedAt }: DeadLetter): string {
  const chat = turn.thread_id === null ? turn.chat_id : `${turn.chat_id}:${turn.thread_id}`;
  const { ask } = turn;
  const command = ask.kind === 'command' ? [`/${ask.command}`] : [];
  const words = ask.kind === 'refusal' ? [`(${ask.reason})`] : [...command, ...(ask.text ? [ask.text] : [])];
  const characters = Array.from(words.join(' ').replaceAll(/[\s\p{C}]+/gu, ' '));
  const text = characters.slice(0, SHOWN_CHARACTERS).join('');
  return `update ${turn.update_id}, chat ${chat}, died ${diedAt.toISOString()}: ${text}`;
}

/** @returns what to do; undefined when the arguments make no sense. */
function wish(args: string[]): { kind: 'list' } | { kind: 'redrive'; updateId?: number } | undefined {
  const { values, positionals } = parseArgs({
    args,
    options: { list: { type: 'boolean', default: false } },
    allowPositionals: true,
    strict: false,
  });
  const [id, ...others] = positionals;
  const isKnown = Object.keys(values).every((name) => name === 'list');
  if (!isKnown || others.length > 0 || (id !== undefined && (values.list || !/^\d+$/.test(id)))) {
    return undefined;
  }
  if (values.list) return { kind: 'list' };
  return id === undefined ? { kind: 'redrive' } : { kind: 'redrive', updateId: Number(id) };
}

readEnvFile();
const wanted = wish(process.argv.slice(2));
if (!wanted) {
  console.error(USAGE);
  process.exit(1);
}
const directory = readDataDir();
const queue = new SqliteTurnQueue({ directory, onError: (error) => console.error(error) });
try {
  if (wanted.kind === 'list') {
    const letters = await queue.deadLetters();
    for (const letter of letters) console.log(lineOf(letter));
    console.log(`${letters.length} dead in ${directory}`);
  } else {
    const count = await queue.redrive(wanted.updateId);
    console.log(`${count} went back to the queue in ${directory}`);
  }
} finally {
  queue.close();
}
