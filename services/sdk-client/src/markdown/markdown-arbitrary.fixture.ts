import fc from 'fast-check';

/** Test data: documents made of everything that a model writes, well-formed or nearly so. */

const word = fc.constantFrom(
  'plan',
  'deploy',
  '名前',
  '。',
  'שלום',
  '👨‍👩‍👧',
  'é',
  'a_b',
  '$5',
  '\\(x_1\\)',
  '&amp;',
  '<b>',
);

const inline = fc.oneof(
  { weight: 4, arbitrary: word },
  word.map((text) => `**${text}**`),
  word.map((text) => `*${text}*`),
  word.map((text) => `~~${text} \`${text}\`~~`),
  word.map((text) => `\`${text}\``),
  fc.tuple(word, fc.webUrl()).map(([text, url]) => `[**${text}**](${url})`),
  word.map((text) => `[${text}](./a.md)`),
  fc.webUrl(),
);

const line = fc.array(inline, { minLength: 1, maxLength: 12 }).map((pieces) => pieces.join(' '));

const lines = fc.array(line, { minLength: 1, maxLength: 6 });

function prefixed(prefix: string): fc.Arbitrary<string> {
  return lines.map((all) => all.map((text) => prefix + text).join('\n'));
}

const block = fc.oneof(
  { weight: 3, arbitrary: prefixed('') },
  line.map((text) => `## ${text}`),
  prefixed('- '),
  prefixed('3. '),
  lines.map((all) => all.map((text, depth) => `${'  '.repeat(depth)}- [x] ${text}`).join('\n')),
  prefixed('> '),
  lines.map((all) => `> - a\n>   > ${all.join('\n>   > ')}\n>   \`\`\`\n>   code\n>   \`\`\``),
  fc
    .array(fc.constantFrom('  if (x) {', '}', '', '\treturn 1', '名'.repeat(30)), { maxLength: 200 })
    .map((code) => `\`\`\`ts\n${code.join('\n')}\n\`\`\``),
  fc
    .array(fc.tuple(line, word), { maxLength: 8 })
    .map((rows) => ['| a | **b** |', '|---|:-:|', ...rows.map(([a, b]) => `| ${a} | ${b} |`)].join('\n')),
  line.map((text) => `${text}[^1]\n\n[^1]: ${text}`),
  fc.constantFrom('---', '```js\nunclosed', 'a\n===', '$$\nx\\\\\n$$', '* '),
);

/** Markdown of up to some 10 000 characters. */
export const markdownDocument = fc
  .array(block, { maxLength: 12, size: 'max' })
  .map((blocks) => blocks.join('\n\n'));
