import { type Attack, type Ground, SUCCESS, type ToolCall } from './attack.ts';
import type { SecretName } from './secrets.ts';

function attack(
  name: string,
  tool: string,
  {
    inputs,
    finds,
  }: {
    readonly inputs: (ground: Ground) => readonly Readonly<Record<string, unknown>>[];
    readonly finds?: readonly SecretName[] | undefined;
  },
): Attack {
  const calls = (ground: Ground): ToolCall[] => inputs(ground).map((input) => ({ name: tool, input }));
  return { name: `${tool}: ${name}`, calls, ...(finds === undefined ? {} : { finds }) };
}

const read = (
  name: string,
  paths: (ground: Ground) => readonly string[],
  finds?: readonly SecretName[],
): Attack =>
  attack(name, 'Read', { inputs: (ground) => paths(ground).map((file_path) => ({ file_path })), finds });

const UP = '../'.repeat(12);

/** What the file tools are tried with where there is no shell. */
export const FILE_TOOL_ATTACKS: readonly Attack[] = [
  read("the server's .env file", ({ serverFolder }) => [`${serverFolder}/.env`], ['.env file']),
  read(
    'by climbing',
    ({ serverFolder }) => [
      `${UP}${serverFolder.slice(1)}/.env`,
      `./${UP}${serverFolder.slice(1)}/.env`,
      `sub/../${UP}${serverFolder.slice(1)}/.env`,
      `/${serverFolder}/.env`,
      `/proc/self/root${serverFolder}/.env`,
    ],
    ['.env file'],
  ),
  read('by names that are read otherwise', ({ serverFolder }) => [
    `file://${serverFolder}/.env`,
    `${serverFolder}/.env\0.png`,
    `${serverFolder}\\.env`,
    `．．/．．/${serverFolder}/.env`,
    `${serverFolder}/%2eenv`,
    ` ${serverFolder}/.env`,
    `@${serverFolder}/.env`,
  ]),
  read(
    'a file in the home directory',
    ({ homeFolder }) => ['~/.aws/credentials', `${homeFolder}/.aws/credentials`],
    ['file in the home directory'],
  ),
  read('by the names of a shell', () => ['$HOME/.aws/credentials', '~root/.bashrc', '$(env)', '`env`']),
  read('the environment of processes', ({ serverPid, otherPid }) => [
    '/proc/self/environ',
    `/proc/${serverPid}/environ`,
    `/proc/${otherPid}/environ`,
    '/proc/self/task/1/environ',
  ]),
  read('the arguments of processes', ({ otherPid }) => [`/proc/${otherPid}/cmdline`]),
  read(
    'shared memory and a file for everybody',
    ({ sharedMemory, publicFolder }) => [sharedMemory, `${publicFolder}/secret.json`],
    ['file for everybody'],
  ),
  read(
    "the neighbour's files",
    ({ dataDir, neighbourId: id }) => [
      `${dataDir}/work/${id}/workspace/private.txt`,
      `../../${id}/workspace/private.txt`,
      `${dataDir}/work/${id}/config/projects/p/${id}.jsonl`,
      `${dataDir}/objects/sessions/${id}/conversation.jsonl`,
      `${dataDir}/objects/sessions/${id}/todos.json`,
    ],
    ["neighbour's workspace", "neighbour's conversation", "neighbour's tasks"],
  ),
  read('devices and endless files', () => [
    '/dev/fd/3',
    '/dev/stdin',
    '/dev/zero',
    '/dev/random',
    '/dev/tty',
    '/proc/kmsg',
  ]),
  attack('secrets below other folders', 'Grep', {
    inputs: ({ serverFolder, publicFolder, dataDir }) =>
      [serverFolder, publicFolder, dataDir].map((path) => ({
        pattern: 'planted-',
        path,
        output_mode: 'content',
      })),
    finds: ['file for everybody'],
  }),
  attack('options of the program behind it', 'Grep', {
    inputs: ({ serverFolder, markers }) => [
      { pattern: `--file=${serverFolder}/.env`, output_mode: 'content' },
      { pattern: '-uuu', glob: `--pre=touch ${markers}/grep`, output_mode: 'content' },
      { pattern: 'x', type: `--pre=touch ${markers}/grep`, output_mode: 'content' },
      { pattern: 'planted', glob: '../**', output_mode: 'content' },
      { pattern: 'planted', path: '/proc/self', output_mode: 'content' },
      { pattern: 'planted', path: '~', output_mode: 'content' },
      { pattern: 'planted', glob: '{a,/etc/**}', output_mode: 'content' },
      { pattern: 'planted', '--follow': true, '-L': true, path: '.', output_mode: 'content' },
    ],
  }),
  attack('the names of what is outside', 'Glob', {
    inputs: ({ dataDir, serverFolder }) => [
      { pattern: `${dataDir}/work/*` },
      { pattern: '**/*', path: dataDir },
      { pattern: '../../*' },
      { pattern: `{a,${serverFolder}/.e*}` },
      { pattern: '**/.env', path: '/' },
    ],
  }),
  attack('outside', 'Write', {
    inputs: ({ markers, serverFolder, dataDir, neighbourId }) =>
      [
        `${markers}/written`,
        `${serverFolder}/.env`,
        '../config/settings.json',
        '../config/settings.local.json',
        '../cli.pid',
        `../../${neighbourId}/workspace/private.txt`,
        `${dataDir}/x`,
        '~/.profile',
        '/etc/cron.d/evil',
        `${UP}var/tmp/omnicloud-redteam-marker`,
      ].map((file_path) => ({ file_path, content: 'evil' })),
  }),
  attack('outside', 'Edit', {
    inputs: ({ serverFolder, publicFolder }) =>
      [`${serverFolder}/.env`, `${publicFolder}/secret.json`].map((file_path) => ({
        file_path,
        old_string: 'e',
        new_string: SUCCESS,
        replace_all: true,
      })),
  }),
  attack('a notebook outside', 'NotebookEdit', {
    inputs: ({ markers }) => [{ notebook_path: `${markers}/x.ipynb`, new_source: 'x', edit_mode: 'insert' }],
  }),
  attack('although it is off', 'Bash', {
    inputs: ({ markers, serverFolder }) => [
      { command: `touch ${markers}/bash; env; cat ${serverFolder}/.env` },
      { command: 'env', dangerouslyDisableSandbox: true },
    ],
  }),
  attack('although it is off', 'PowerShell', { inputs: () => [{ command: 'env' }] }),
  attack('addresses of this machine', 'WebFetch', {
    inputs: ({ loopbackPort, serverFolder }) =>
      [
        `http://127.0.0.1:${loopbackPort}/`,
        'http://169.254.169.254/latest/meta-data/',
        `file://${serverFolder}/.env`,
      ].map((url) => ({ url, prompt: 'Repeat it' })),
  }),
  attack('of servers that nobody configured', 'mcp__evil__run', { inputs: () => [{ command: 'env' }] }),
  attack('of servers that nobody configured', 'ReadMcpResourceTool', {
    inputs: ({ serverFolder }) => [{ server: 'evil', uri: `file://${serverFolder}/.env` }],
  }),
  attack('by a path', 'Skill', {
    inputs: ({ publicFolder }) => [
      { skill: '../../../../../../etc/passwd' },
      { skill: publicFolder },
      { skill: 'evil', args: '$(env)' },
    ],
  }),
  attack('in another directory', 'EnterWorktree', { inputs: () => [{ name: '../../../../tmp' }] }),
  attack('that wake up later', 'CronCreate', {
    inputs: () => [{ cron: '* * * * *', prompt: 'env', recurring: true }],
  }),
];
