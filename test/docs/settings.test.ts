import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SETTINGS } from '@omnicloud/settings';
import { expect, it } from 'vitest';
import { SWITCH_NAMES } from '@omnicloud/infra/internal/switches.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** The lint rule lets the environment be read in these files alone. */
const CONFIG_FILES = [
  'services/*/src',
  'local/src',
  'infra/src',
  'infra/src/authorizer',
  'operate/src',
  'packages/*/src',
]
  .flatMap((folder) => [`${folder}/config.ts`, `${folder}/*-config.ts`])
  .flatMap((pattern) => globSync(pattern, { cwd: ROOT }));

/** Set by a platform, a tool or this program itself, never by whoever sets it up. */
const NOT_FOR_PEOPLE = new Set([
  'PATH',
  'SystemRoot',
  'AWS_LAMBDA_FUNCTION_NAME',
  'CDK_OUTDIR',
  'OMNICLOUD_SETTINGS_FD',
  '_X_AMZN_TRACE_ID',
  'npm_lifecycle_event',
  // In configs these are the keys of a secret's JSON; the AWS SDK reads the variables.
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
]);

/** Keys of schemas, and properties of an environment. */
const READ = /^\s*([A-Z][A-Z0-9_]*): |\benv(?:ironment)?\.(\w+)/gm;

/** Every variable that the sources of a config read. */
const variables = new Set(
  CONFIG_FILES.flatMap((path) =>
    [...read(path).matchAll(READ)].map(([, key, property]) => key ?? property ?? ''),
  ),
);

const inExample = new Set(
  [...read('.env.example').matchAll(/^([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name),
);

it('the sources of the settings are found', () => {
  expect(CONFIG_FILES.length).toBeGreaterThan(6);
  expect([...variables]).toEqual(
    expect.arrayContaining(['PORT', 'WEBHOOK_SECRET_ARN', 'CDK_DOCKER', 'AGENT_SHELL']),
  );
});

it('every variable that is read has an entry that says what it means and what becomes of it on AWS', () => {
  const without = [...variables].filter((name) => !(name in SETTINGS) && !NOT_FOR_PEOPLE.has(name));
  expect(without).toEqual([]);
});

it('no entry is left of a variable that nothing reads', () => {
  const unread = Object.keys(SETTINGS).filter((name) => !variables.has(name));
  expect(unread).toEqual([]);
});

it('.env.example explains every setting of `npm start` and of the commands, and nothing else', () => {
  const expected = Object.entries(SETTINGS).filter(
    ([, { isLocal, onAws }]) => isLocal || onAws.by === 'command',
  );
  expect([...inExample].sort()).toEqual(expected.map(([name]) => name).sort());
});

it('docs/hosting.md explains every setting of the image alone, and every switch', () => {
  const page = read('docs/hosting.md');
  const ofImage = Object.entries(SETTINGS).filter(
    ([, { isLocal, onAws }]) => !isLocal && onAws.by !== 'command',
  );
  const missing = [...ofImage.map(([name]) => name), ...SWITCH_NAMES].filter(
    (name) => !page.includes(`\`${name}\``),
  );
  expect(missing).toEqual([]);
});

it('what is handed to a deployment as a switch is one', () => {
  const switches = Object.values(SETTINGS).flatMap(({ onAws }) =>
    onAws.by === 'switch' ? [onAws.switch] : [],
  );
  expect(switches.filter((name) => !(SWITCH_NAMES as readonly string[]).includes(name))).toEqual([]);
});
