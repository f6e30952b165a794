// REDTEAM_WITHOUT=<guard>,… node --import without-guards.mjs: the server as it would be if these guards let everything pass, or if what it
// rests on were otherwise
import { registerHooks } from 'node:module';

const ALLOW = { hookEventName: 'PreToolUse', permissionDecision: 'allow' };

/** Where each guard stands, and what stands there instead; a pair is a text in it and its replacement. */
const GUARDS = {
  tools: [
    '/run/tools/guard-tools.ts',
    `export const guardTools = () => async () => (${JSON.stringify({ hookSpecificOutput: ALLOW })});`,
  ],
  'own settings': [
    '/run/sdk-options.ts',
    ["settingSources: ['user']", "settingSources: ['user', 'project']"],
  ],
  'verbatim prompts': ['/run/sdk-options.ts', ['verbatimPrompts: true', 'verbatimPrompts: false']],
  // Both: a shell that reaches the CLI is refused at the start.
  'closed CLI': [
    '/run/isolation/closed-program.ts',
    ['return closedProgram(installedCli());', 'return installedCli();'],
  ],
  'filter of system calls': [
    '/run/isolation/syscall-filter.ts',
    ['if (isThere) return', 'if (isThere && program === undefined) return'],
  ],
  'limits of a run': [
    '/run/isolation/run-limits.ts',
    ['    ...given,\n', '    ...given, memoryBytes: 1e15, processes: 30_000, fileBytes: 1e15,\n'],
  ],
  'probe of the CLI': [
    '/run/isolation/probe/probe-isolation.ts',
    ["return 'opens the CLI'", "return 'holds'"],
  ],
  // REDTEAM_CLI stands where the CLI stood, and REDTEAM_PLAN says what it does.
  'honest CLI': [
    '/run/cli/spawn-cli.ts',
    [
      'started = spawn(command, args, {',
      'started = spawn(process.execPath, [process.env.REDTEAM_CLI, process.env.REDTEAM_PLAN, command, ...args], {',
    ],
  ],
  // At the pace that a CLI is held to, a million lines take minutes.
  'so many lines': ['/run/cli/output-limits.ts', ['turnLines: 1_000_000', 'turnLines: 20_000']],
  'a minute of patience': ['/run/cli/output-limits.ts', ['unreadInputMs: 60_000', 'unreadInputMs: 2_000']],
  'ten seconds of grace': [
    '/run/cli/output-limits.ts',
    ['afterLastWordMs: 10_000', 'afterLastWordMs: 1_500'],
  ],
  'end of the grace': [
    '/run/events/last-word.ts',
    ['if (this.#isResult || gate.isOpen)', 'if (performance.now() < 0)'],
  ],
  'CLI channel': ['/run/cli/spawn-cli.ts', ['channel.outputOf(stdout)', 'stdout']],
  'number of files': ['/session/files/outbox.ts', ['MAX_FILES = 10', 'MAX_FILES = 1_000']],
  'parts of an answer': ['/reply/answer-parts.ts', ['MAX_PARTS = 4', 'MAX_PARTS = 1_000']],
  'own conversation': [
    '/serve/own-conversation.ts',
    `export const refuseOtherConversation = () => {};
     export const refuseOtherSession = async () => {};
     export const ofItsConversation = () => (_, next) => next();
     export const ofItsTenant = () => (_, next) => next();`,
  ],
  // Every session belongs to every conversation.
  'own session': [
    '/session/store/session-owner.ts',
    ['if (name === undefined) return false', 'if (name !== conversation) return true'],
  ],
  // Every call is taken for one of a platform that sets nothing aside.
  tenant: ['/src/agent.lambda.ts', ['tenantId === undefined', 'tenantId !== null']],
  token: ['/serve/authorise.ts', 'export const authorise = () => (_, next) => next();'],
  'disguised notes': ['/session/transcript/without-notes.ts', 'export const withoutNotes = (text) => text;'],
  'note of the sender': ['/serve/turn/prompt.ts', ['${withoutNotes(message)}', '${message}']],
  'question of a key': [
    '/session/last-turn.ts',
    ['turn.question_sha256 !== questionDigest(question)', 'questionDigest(question) === undefined'],
  ],
  'owner of /debug': ['/relay/commands/obey-command.ts', ['turn.sender.id === deps.ownerId', 'true']],
  'owner of the log': ['/relay/commands/send-archive.ts', ['turn.sender.id === deps.ownerId', 'true']],
  'told strangers': ['/people/told-strangers.ts', ['if (this.#toldAtMs.has(userId)', 'if (false']],
  'webhook secret': ['/receive/verify-secret.ts', ["&& expected !== ''", "|| expected !== ''"]],
  disk: [
    '/run/disk/disk-watch.ts',
    `export class DiskWatch {
       async admit() {}
       watch() {
         return { ended: new AbortController().signal, [Symbol.dispose]() {} };
       }
     }`,
  ],
  // Both: what is within the limits is cheap, and what is judged in a thread stops nobody.
  'count of values': ['/model-proxy/limits/proxy-limits.ts', ['maxItems: 250_000', 'maxItems: 1e9']],
  'thread of the judge': [
    '/model-proxy/body/judge-pool.ts',
    ['byteLength <= TINY_BYTES && job.items <= TINY_ITEMS', 'byteLength > 0'],
  ],
  models: ['/model-proxy/calls/model-policy.ts', 'export const modelPolicy = () => () => true;'],
};

const off = (process.env.REDTEAM_WITHOUT ?? '').split(',').map((name) => {
  const guard = GUARDS[name];
  if (!guard) throw new Error(`There is no guard "${name}"`);
  return guard;
});
registerHooks({
  load(url, context, next) {
    const changes = off.filter(([file]) => url.endsWith(file)).map(([, change]) => change);
    const whole = changes.find((change) => typeof change === 'string');
    if (whole !== undefined) return { format: 'module', shortCircuit: true, source: whole };
    const loaded = next(url, context);
    if (changes.length === 0) return loaded;
    const source = changes.reduce((text, [from, to]) => {
      if (!text.includes(from)) throw new Error(`${url} has no "${from}"`);
      return text.replace(from, () => to);
    }, String(loaded.source));
    return { ...loaded, source };
  },
});
