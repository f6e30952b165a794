// entries → one folder each: webhook/, worker/ and authorizer/ for ZIP functions, agent/ for the image
import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions } from 'esbuild';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The functions that are deployed as ZIPs. */
const FUNCTIONS = {
  webhook: 'services/sdk-client/src/webhook.lambda.ts',
  worker: 'services/sdk-client/src/worker.lambda.ts',
  authorizer: 'infra/src/authorizer/authorizer.lambda.ts',
} as const;
const AGENT = join(ROOT, 'services/agent-container/src');

/** Lambda's Node neither guesses a file's module kind nor lets `require` load ES modules, so all is one kind, and named `.mjs`. */
const COMMON: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  // Names stay readable in a stack, and errors keep their classes' names.
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  // Dependencies that are CommonJS ask for Node's own modules by `require`.
  banner: {
    js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);",
  },
  logLevel: 'warning',
  plugins: [
    {
      // The schemas' messages are ours, so that one of zod's fifty languages is enough: 270 KB less to load.
      name: 'one-language',
      setup: (building) =>
        building.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
          contents: "export { default as en } from './en.js';",
        })),
    },
  ],
};

/**
 * What Lambda unpacks of a ZIP: `index.mjs`, whose `handler` is called.
 * @param target the folder for it; what is in it already is removed.
 */
export async function bundleFunction(name: keyof typeof FUNCTIONS, target: string): Promise<void> {
  await rm(target, { recursive: true, force: true });
  await build({ ...COMMON, entryPoints: { index: join(ROOT, FUNCTIONS[name]) }, outdir: target });
}

/**
 * What the image holds of ours: `lambda.mjs` and `http.mjs`, the threads that they start, the agent's own folder, and the programs that the bundles start by their path.
 * The Agent SDK stays a package, because it finds its CLI from where it lies itself.
 */
export async function bundleAgent(target: string): Promise<void> {
  await rm(target, { recursive: true, force: true });
  await build({
    ...COMMON,
    entryPoints: {
      lambda: join(AGENT, 'agent.lambda.ts'),
      http: join(AGENT, 'agent.http.ts'),
      // A thread of the server's, which finds it beside itself.
      'judge-body.worker': join(AGENT, 'model-proxy/body/judge-body.worker.ts'),
    },
    outdir: target,
    splitting: true,
    chunkNames: 'shared-[hash]',
    external: ['@anthropic-ai/claude-agent-sdk'],
  });
  await cp(join(AGENT, '../agent'), join(target, 'agent'), { recursive: true });
  const isolation = join(AGENT, 'run/isolation');
  for (const name of await readdir(isolation)) {
    if (/\.(sh|mjs)$/.test(name)) await cp(join(isolation, name), join(target, name));
  }
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const target = resolve(process.argv[2] ?? join(ROOT, 'dist'));
  await mkdir(dirname(target), { recursive: true });
  await Promise.all([
    bundleFunction('webhook', join(target, 'webhook')),
    bundleFunction('worker', join(target, 'worker')),
    bundleFunction('authorizer', join(target, 'authorizer')),
    bundleAgent(join(target, 'agent')),
  ]);
}
