import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeTool } from './describe-tool.ts';

const WORKSPACE = '/srv/session/workspace';

it.each<[string, unknown, string]>([
  ['Write', { file_path: `${WORKSPACE}/notes.md`, content: 'x' }, 'Write notes.md'],
  ['Read', { file_path: `${WORKSPACE}/a/b.md` }, 'Read a/b.md'],
  ['Read', { file_path: `${WORKSPACE}-other/b.md` }, `Read ${WORKSPACE}-other/b.md`],
  ['Read', { file_path: '/etc/passwd' }, 'Read /etc/passwd'],
  ['Grep', { pattern: 'TODO', path: 'src' }, 'Grep TODO'],
  ['TaskCreate', { subject: 'Buy milk', description: 'at length' }, 'Plan Buy milk'],
  ['TaskList', {}, 'Plan'],
  ['Bash', { command: 'ls -la', description: 'List the files' }, 'Run List the files'],
  ['Bash', { command: 'ls -la' }, 'Run ls -la'],
  ['Agent', { description: 'Review', prompt: 'x' }, 'Agent Review'],
  ['Skill', { skill: 'telegram-answers' }, 'Skill telegram-answers'],
  ['mcp__weather__forecast', { city: 'Rome' }, 'weather forecast'],
  ['Read', null, 'Read'],
  ['Read', { file_path: 7 }, 'Read'],
  ['Bash', { command: 'one\ntwo\u2028three\u001b[31m\u202e' }, 'Run one two three [31m'],
])('describes %s of %j as "%s"', (name, input, line) => {
  expect(describeTool(name, input, WORKSPACE)).toBe(line);
});

it('cuts a long line to 80 characters, and never inside of one', () => {
  const line = describeTool('Bash', { command: '😀'.repeat(200) }, WORKSPACE);
  expect(Array.from(line)).toHaveLength(80);
  expect(line).toMatch(/^Run (😀)+…$/u);
});

// Half of it from where the control and format characters are, half from anywhere, lone surrogates included.
const anyPoint = fc.oneof(fc.nat({ max: 0x20_70 }), fc.nat({ max: 0x10_ffff }));
const anyText = fc.array(anyPoint, { maxLength: 120 }).map((points) => String.fromCodePoint(...points));

it('is one line of at most 80 visible characters, whatever the tool is called with', () =>
  fc.assert(
    fc.property(anyText, anyText, (name, command) => {
      const line = describeTool(name, { command }, WORKSPACE);
      expect(Array.from(line).length).toBeLessThanOrEqual(80);
      expect(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(line)).toBe(false);
    }),
  ));
