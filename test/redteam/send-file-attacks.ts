import { type Attack, bash, type Ground } from './attack.ts';
import type { SecretName } from './secrets.ts';

/** Sending files is tried after these were laid out by the shell, where there is one. */
export const LAYING_OUT: Attack = bash(
  'links that lead out of the workspace',
  ({ serverFolder, neighbourId, dataDir, serverPid, publicFolder }) =>
    [
      'mkdir -p bait && cd bait',
      `ln -s ${serverFolder}/.env link-to-file`,
      `ln -s ${serverFolder} link-to-folder`,
      `ln -s link-to-folder link-to-link`,
      `ln -s /proc/${serverPid}/environ link-to-proc`,
      `ln -s /proc/self/root${serverFolder}/.env link-through-proc`,
      `ln -s ../../../${neighbourId}/workspace/private.txt link-to-neighbour`,
      `ln ${publicFolder}/secret.json second-name; ln ${dataDir}/sessions.db second-name-of-data`,
      'mkfifo pipe; ln -s /dev/zero device; truncate -s 1T sparse; : > empty',
      'echo fine > own.txt',
    ].join('\n'),
);

function sending(
  name: string,
  paths: (ground: Ground) => readonly string[],
  finds?: readonly SecretName[],
): Attack {
  return {
    name: `send_file: ${name}`,
    calls: (ground) =>
      paths(ground).map((path) => ({ name: 'mcp__chat__send_file', input: { path, caption: path } })),
    ...(finds === undefined ? {} : { finds }),
  };
}

/** None of these may arrive in the chat, and none may tell what is there. */
export const SENDING: readonly Attack[] = [
  sending('what lies elsewhere', ({ serverFolder, homeFolder, publicFolder, sharedMemory }) => [
    `${serverFolder}/.env`,
    `${homeFolder}/.aws/credentials`,
    `${publicFolder}/secret.json`,
    sharedMemory,
    '/etc/passwd',
  ]),
  sending('by climbing', ({ serverFolder }) => [
    `${'../'.repeat(12)}${serverFolder.slice(1)}/.env`,
    `bait/../${'../'.repeat(12)}${serverFolder.slice(1)}/.env`,
    '../config/settings.json',
    '..',
    '.',
  ]),
  sending('by names that are read otherwise', ({ serverFolder }) => [
    `file://${serverFolder}/.env`,
    `${serverFolder}/.env\0.png`,
    `~/.aws/credentials`,
    '$HOME/.aws/credentials',
    `@${serverFolder}/.env`,
  ]),
  sending("a neighbour's files", ({ dataDir, neighbourId }) => [
    `../../${neighbourId}/workspace/private.txt`,
    `${dataDir}/work/${neighbourId}/workspace/private.txt`,
    `${dataDir}/objects/sessions/${neighbourId}/conversation.jsonl`,
  ]),
  sending('the environment of processes', ({ serverPid, otherPid }) => [
    `/proc/${serverPid}/environ`,
    `/proc/${otherPid}/environ`,
    '/proc/self/environ',
    '/proc/self/fd/0',
  ]),
  sending('through links', () => [
    'bait/link-to-file',
    'bait/link-to-folder/.env',
    'bait/link-to-link/.env',
    'bait/link-to-proc',
    'bait/link-through-proc',
    'bait/link-to-neighbour',
    'bait/second-name',
    'bait/second-name-of-data',
  ]),
  sending('what never ends, or is nothing', () => ['bait/pipe', 'bait/device', 'bait/sparse', 'bait/empty']),
];
