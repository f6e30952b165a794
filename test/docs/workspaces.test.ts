import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';

const ROOT = join(import.meta.dirname, '..', '..');
const FOLDERS = globSync(['*/package.json', '{packages,services}/*/package.json'], {
  cwd: ROOT,
  exclude: ['node_modules/**'],
}).map(dirname);
const packageSchema = z.object({
  name: z.string(),
  dependencies: z.record(z.string(), z.string()).default({}),
  devDependencies: z.record(z.string(), z.string()).default({}),
});

/** @returns the workspaces that the sources of a folder import by name, deep imports included. */
function importedBy(folder: string): Set<string> {
  const files = globSync('**/*.{ts,mjs}', { cwd: join(ROOT, folder), exclude: ['**/node_modules/**'] });
  const sources = files.map((file) => readFileSync(join(ROOT, folder, file), 'utf8'));
  return new Set(sources.flatMap((source) => source.match(/(?<=from ')@omnicloud\/[a-z-]+/g) ?? []));
}

it.each(FOLDERS)('%s declares the workspaces that it imports, and no other', (folder) => {
  const { name, dependencies, devDependencies } = packageSchema.parse(
    JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')),
  );
  const declared = Object.keys({ ...dependencies, ...devDependencies });
  const imported = [...importedBy(folder)].filter((one) => one !== name);
  expect(imported.sort()).toEqual(declared.filter((one) => one.startsWith('@omnicloud/')).sort());
});
