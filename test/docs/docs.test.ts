import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const PAGES = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT });

const read = (path: string): Promise<string> => readFile(join(ROOT, path), 'utf8');

/** Names in backticks that look like a path of the repository: they begin with one of its top-level names. */
function pathsIn(markdown: string): string[] {
  const inline = [...markdown.matchAll(/`([^`\s]+)`/g)].map(([, code = '']) => code);
  return inline.filter(
    (code) =>
      /^(packages|services|demo|infra|local|operate|bench|test|docs|scripts|hosting|\.ci|\.github|\.env\.example|\.dependency-cruiser)/.test(
        code,
      ) && !/[{<*]/.test(code),
  );
}

/** Relative link targets, without their anchors. */
function linksIn(markdown: string): string[] {
  return [...markdown.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target = '']) => target);
}

describe.each(PAGES)('%s', (page) => {
  it('names only paths that exist', async () => {
    const missing = pathsIn(await read(page)).filter((path) => !existsSync(join(ROOT, path)));
    expect(missing).toEqual([]);
  });

  it('links only to pages that exist', async () => {
    const folder = join(ROOT, page, '..');
    const missing = linksIn(await read(page)).filter((target) => !existsSync(join(folder, target)));
    expect(missing).toEqual([]);
  });

  it('names only npm scripts that exist', async () => {
    const { scripts } = JSON.parse(await read('package.json')) as { scripts: Record<string, string> };
    const named = [...(await read(page)).matchAll(/npm (?:run ([\w:-]+)|(start|test)\b)/g)].map(
      ([, run, short]) => run ?? short ?? '',
    );
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

/** What a page and its translation have in common. */
const shapeOf = (page: string): object => ({
  headings: [...page.matchAll(/^#+ /gm)].map(([mark]) => mark),
  commands: [...page.matchAll(/```bash\n([\s\S]*?)```/g)].map(([, code = '']) =>
    code.replaceAll(/#.*$/gm, '').replaceAll(/ +$/gm, ''),
  ),
  names: [...new Set([...page.matchAll(/`([A-Za-z_./:-]+)`/g)].map(([, code = '']) => code))].sort(),
});

describe('The two READMEs', () => {
  it('have the same sections, the same commands and the same settings', async () => {
    const [english, chinese] = await Promise.all([read('README.md'), read('README.zh-CN.md')]);
    expect(shapeOf(chinese)).toEqual(shapeOf(english));
  });
});

describe('A page and its Chinese version', () => {
  it.each(['docs/hosting', 'docs/runbook', 'docs/own-server'])(
    '%s: have the same sections, the same commands and the same settings',
    async (page) => {
      const [english, chinese] = await Promise.all([read(`${page}.md`), read(`${page}.zh-CN.md`)]);
      expect(shapeOf(chinese)).toEqual(shapeOf(english));
    },
  );
});

describe('A decision', () => {
  it.each(PAGES.filter((page) => page.startsWith('docs/decisions/')))(
    '%s has its number, its status and its date at the top',
    async (page) => {
      const number = Number(/(\d+)-[^/]+$/.exec(page)?.[1]);
      const [title, , status] = (await read(page)).split('\n');
      expect(title).toMatch(new RegExp(`^# ${number}\\. \\S`));
      expect(status).toMatch(
        /^Status: (proposed|accepted|replaced by decision \d+)\. Date: \d{4}-\d{2}-\d{2}\.$/,
      );
    },
  );
});
