import { constants } from 'node:fs';
import { chmod, copyFile, link, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll } from 'vitest';
import { temporaryDirectory } from '../../session/home/temporary-directory.fixture.ts';
import { installedCli } from './closed-program.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const SDK = '@anthropic-ai/claude-agent-sdk';

/**
 * A folder that every user may enter, with all that a program of ours needs to run as another user. The project itself may lie where nobody
 * but its owner may look, as below /root.
 */
export interface OpenPlace {
  readonly folder: string;
  /** The Node that runs the tests. */
  readonly node: string;
  /** The Agent SDK's CLI, at the place where a program of this folder finds it. */
  readonly cli: string;
}

/**
 * @param mode of the folder.
 * @param programs the modes of Node and of the CLI, 0o755 unless given. Both files are shared by all places of a test file, so nothing of
 *   them is to be changed.
 */
export async function openPlace(
  mode: number,
  programs: { readonly node?: number; readonly cli?: number } = {},
): Promise<OpenPlace> {
  const folder = await temporaryDirectory();
  const node = join(folder, 'node');
  await placeProgram(process.execPath, node, programs.node);
  const installed = installedCli();
  const cli = join(
    folder,
    'node_modules',
    '@anthropic-ai',
    basename(dirname(installed)),
    basename(installed),
  );
  await placeProgram(installed, cli, programs.cli);
  // What the SDK is found by: the CLI is looked for from there.
  const sdk = createRequire(import.meta.url).resolve(SDK);
  for (const name of ['package.json', basename(sdk)]) {
    const copy = join(folder, 'node_modules', SDK, name);
    await mkdir(dirname(copy), { recursive: true });
    await copyFile(join(dirname(sdk), name), copy);
    await chmod(copy, 0o644);
  }
  await chmod(folder, mode);
  return { folder, node, cli };
}

/**
 * @param source of a module; its imports are relative to this folder.
 * @returns the path of the module with everything that it imports.
 */
export async function bundleInto(folder: string, source: string): Promise<string> {
  const outfile = join(folder, 'program.mjs');
  await build({
    stdin: { contents: source, resolveDir: HERE, loader: 'ts' },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    external: [SDK],
    // Dependencies that are CommonJS ask for Node's own modules by `require`.
    banner: {
      js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
  // The programs that an isolation starts by their path, which lie beside the module here as they do in the image.
  const programs = (await readdir(HERE)).filter((name) => /\.(sh|mjs)$/.test(name));
  for (const name of programs) await copyFile(join(HERE, name), join(folder, name));
  for (const name of [...programs, basename(outfile)]) await chmod(join(folder, name), 0o644);
  return outfile;
}

/** Copies of programs by their mode, made once for a test file: each has some hundred megabytes. */
const stock = new Map<string, Promise<string>>();
let stockFolder: Promise<string> | undefined;
afterAll(async () => {
  if (stockFolder) await rm(await stockFolder, { recursive: true, force: true });
});

async function placeProgram(program: string, place: string, mode = 0o755): Promise<void> {
  const key = `${basename(program)}-${mode}`;
  const kept = stock.get(key) ?? copyProgram(program, { name: key, mode });
  stock.set(key, kept);
  await mkdir(dirname(place), { recursive: true });
  await link(await kept, place);
}

async function copyProgram(program: string, { name, mode }: { name: string; mode: number }): Promise<string> {
  stockFolder ??= mkdtemp(join(tmpdir(), 'omnicloud-programs-'));
  const copy = join(await stockFolder, name);
  await copyFile(program, copy, constants.COPYFILE_FICLONE);
  await chmod(copy, mode);
  return copy;
}
