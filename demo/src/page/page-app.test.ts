import { readdirSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { createPageApp } from './page-app.ts';
import { toBrowserModule } from './page-assets.ts';
import type { PageInfo } from './page-info.ts';

const WEB_FOLDER = new URL('../../web/', import.meta.url);
const INFO: PageInfo = { model: { kind: 'demo', name: 'demo-1' }, shell: false, version: '1.2.3' };

const app = createPageApp(INFO);
const sources = readdirSync(WEB_FOLDER, { recursive: true }).map((path) =>
  String(path).replaceAll('\\', '/'),
);
const modules = sources.filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
const styles = sources.filter((name) => name.endsWith('.css'));

async function get(path: string): Promise<{ status: number; type: string; body: string; headers: Headers }> {
  const response = await app.request(path);
  const type = response.headers.get('Content-Type') ?? '';
  return { status: response.status, type, body: await response.text(), headers: response.headers };
}

/** @returns what a parser of plain JavaScript objects to, type syntax included. */
function complaints(javascript: string): string[] {
  const { diagnostics = [] } = ts.transpileModule(javascript, {
    fileName: 'module.js',
    reportDiagnostics: true,
    compilerOptions: { allowJs: true, module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2024 },
  });
  return diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

describe('the page app', () => {
  it('serves the document, the icon and what the page shall know', async () => {
    expect(await get('/')).toMatchObject({ status: 200, type: 'text/html; charset=utf-8' });
    expect(await get('/favicon.svg')).toMatchObject({ status: 200, type: 'image/svg+xml; charset=utf-8' });
    const info = await get('/page/info');
    expect(info).toMatchObject({ status: 200, type: 'application/json' });
    expect(JSON.parse(info.body)).toEqual(INFO);
  });

  it.each(['/', '/page/info', '/app/main.js', '/app/styles/theme.css', '/favicon.svg', '/app/none.js'])(
    'sends strict headers with %s',
    async (path) => {
      const { headers } = await get(path);
      const policy = headers.get('Content-Security-Policy')?.split('; ');
      expect(policy).toContain("default-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).toContain("require-trusted-types-for 'script'");
      expect(policy?.join()).not.toMatch(/unsafe|\*|https?:|data:/);
      expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
      expect(headers.get('Referrer-Policy')).toBe('no-referrer');
    },
  );

  it('serves a document that the policy allows: no inline scripts, styles or handlers, nothing from elsewhere', async () => {
    const { body } = await get('/');
    expect(body).not.toMatch(/<script(?![^>]*\ssrc="\/app\/)/);
    expect(body).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:|https?:|\/\/\w/);
  });

  it.each(modules)('serves %s as JavaScript without types, importing only what is served', async (name) => {
    const { status, type, body } = await get(`/app/${name.replace(/\.ts$/, '.js')}`);
    expect({ status, type }).toEqual({ status: 200, type: 'text/javascript; charset=utf-8' });
    expect(complaints(body)).toEqual([]);
    for (const { fileName } of ts.preProcessFile(body).importedFiles) {
      expect(fileName).toMatch(/^\.\.?\/[\w/-]+\.js$/);
      const { pathname } = new URL(fileName, `http://page/app/${name}`);
      expect(await get(pathname)).toMatchObject({ status: 200 });
    }
  });

  it.each(styles)('serves %s, and the document uses it', async (name) => {
    expect(await get(`/app/${name}`)).toMatchObject({ status: 200, type: 'text/css; charset=utf-8' });
    expect((await get('/')).body).toContain(`href="/app/${name}"`);
  });

  it.each([
    '/app/main.ts',
    '/app/messages/entities.test.js',
    '/app/tsconfig.json',
    '/app/..%2Ftsconfig.json',
    '/app/',
    '/app',
  ])('does not serve %s', async (path) => {
    expect(await get(path)).toMatchObject({ status: 404 });
  });
});

describe('toBrowserModule', () => {
  it('drops type imports, renames relative ones and keeps every line where it was', () => {
    const source = [
      "import type { A } from './a.ts';",
      "import { type B, c } from './b-c.ts';",
      "import { g } from '../room/g.ts';",
      "export { d } from './d.ts';",
      "const late: Promise<unknown> = import('./e.ts');",
      "const words: string = 'told from ./f.ts';",
    ].join('\n');
    const lines = toBrowserModule(source).split('\n');
    expect(lines.map((line) => line.replace(/\s+/g, ' ').trim())).toEqual([
      '',
      "import { c } from './b-c.js';",
      "import { g } from '../room/g.js';",
      "export { d } from './d.js';",
      "const late = import('./e.js');",
      "const words = 'told from ./f.ts';",
    ]);
  });

  it('refuses TypeScript that is more than types', () => {
    expect(() => toBrowserModule('enum Colour { Red }')).toThrow(SyntaxError);
  });
});

describe('the check for type syntax', () => {
  it.each(['const a: number = 1;', 'interface A {}', 'const a = 1 as unknown;', 'const = 1;'])(
    'objects to %s',
    (code) => {
      expect(complaints(code)).not.toEqual([]);
    },
  );
});
