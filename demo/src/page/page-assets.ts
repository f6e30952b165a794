import { readdir, readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { join, sep } from 'node:path';

/** One file as the browser gets it. */
export interface Asset {
  body: string;
  mediaType: string;
}

/** Without the tests, which share the folders and need vitest. */
const BROWSER_MODULE = /^(?:[a-z-]+\/)?[a-z][a-z0-9-]*\.ts$/;

/**
 * Reads the folder of the page's sources once, its rooms too; nothing outside it can ever be asked for.
 * @returns each file by the path it is served at: `/`, `/favicon.svg`, `/app/styles/<name>.css` and `/app/[<room>/]<name>.js`.
 */
export async function loadAssets(folder: string): Promise<Map<string, Asset>> {
  const assets = new Map<string, Asset>();
  for (const found of await readdir(folder, { recursive: true })) {
    const name = found.replaceAll(sep, '/');
    const read = (): Promise<string> => readFile(join(folder, name), 'utf8');
    if (name === 'index.html') assets.set('/', { body: await read(), mediaType: 'text/html; charset=utf-8' });
    if (name === 'favicon.svg')
      assets.set('/favicon.svg', { body: await read(), mediaType: 'image/svg+xml; charset=utf-8' });
    if (name.endsWith('.css'))
      assets.set(`/app/${name}`, { body: await read(), mediaType: 'text/css; charset=utf-8' });
    if (BROWSER_MODULE.test(name)) {
      const path = `/app/${name.replace(/\.ts$/, '.js')}`;
      assets.set(path, { body: toBrowserModule(await read()), mediaType: 'text/javascript; charset=utf-8' });
    }
  }
  return assets;
}

/**
 * @returns the same module without its types; type-only imports vanish and relative imports name the served `.js` files.
 * Positions stay as they are (types become blanks), so an error in the browser points at the line of the source.
 * @throws SyntaxError on TypeScript that is more than types.
 */
export function toBrowserModule(source: string): string {
  const javascript = stripTypeScriptTypes(source, { mode: 'strip' });
  return javascript.replace(/(\b(?:from|import)\s*\(?\s*)(['"])(\.\.?\/[\w/.-]+)\.ts\2/g, '$1$2$3.js$2');
}
