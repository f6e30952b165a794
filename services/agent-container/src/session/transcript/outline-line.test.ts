import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outlineLine, withParent } from './outline-line.ts';
import { LINE_LIMIT_BYTES, MAX_DEPTH, MAX_LINE_VALUES } from './transcript-limits.ts';

/** JSON as the CLI and others write it: with spaces, and with long texts of any characters. */
const anyJson = fc.tuple(
  fc.jsonValue({
    stringUnit: fc.oneof(
      fc.constantFrom('"', '\\', '\n', 'é', '👋', '\u0001'),
      fc.constantFrom('a', '{', ','),
    ),
  }),
  fc.string({ minLength: 0, maxLength: 400, unit: 'binary' }),
  fc.constantFrom(0, 2),
);

function parsed(line: string): unknown {
  const outline = outlineLine(Buffer.from(line));
  if (typeof outline === 'string') return outline;
  try {
    return JSON.parse(outline.json);
  } catch {
    return 'broken';
  }
}

const withoutLong = (_: string, value: unknown): unknown =>
  typeof value === 'string' && Buffer.byteLength(JSON.stringify(value)) > 130 ? '' : value;

describe('The outline of a line', () => {
  it('is the same JSON without its long texts', () =>
    fc.assert(
      fc.property(anyJson, ([value, text, spaces]) => {
        const line = JSON.stringify({ value, text }, undefined, spaces);
        const expected: unknown = JSON.parse(line, withoutLong);
        expect(parsed(line)).toEqual(expected);
      }),
    ));

  it('is JSON exactly when the line is', () =>
    fc.assert(
      fc.property(
        anyJson,
        fc.nat(),
        fc.constantFrom('', '"', '\\', '\\u12', '\n', '{', 'x'),
        (json, at, put) => {
          const [value, text, spaces] = json;
          const line = JSON.stringify({ value, text: text + 'x'.repeat(200) }, undefined, spaces);
          const place = at % line.length;
          const damaged = Buffer.from(line.slice(0, place) + put + line.slice(place + 1)).toString();
          let isJson = true;
          try {
            JSON.parse(damaged);
          } catch {
            isJson = false;
          }
          expect(parsed(damaged) !== 'broken').toBe(isJson);
        },
      ),
      { numRuns: 1_000 },
    ));

  it.each([
    ['of more bytes than a line may have', Buffer.alloc(LINE_LIMIT_BYTES + 1)],
    ['of more values', Buffer.from(`[${'0,'.repeat(MAX_LINE_VALUES)}0]`)],
    ['that is too deep', Buffer.from('['.repeat(MAX_DEPTH + 1) + ']'.repeat(MAX_DEPTH + 1))],
    ['of a number that goes on and on', Buffer.alloc(20_000_000, '1')],
    ['of spaces', Buffer.alloc(20_000_000, ' ')],
  ])('is not made of one %s', (_, line) => {
    expect(outlineLine(line)).toBe('too_large');
  });
});

describe('An entry that gets another parent', () => {
  const given = (line: string): string => Buffer.concat(withParent(Buffer.from(line), 'new')).toString();

  it('is otherwise the same, byte by byte', () =>
    fc.assert(
      fc.property(anyJson, ([value, text, spaces]) => {
        const inner = { parentUuid: 'inner', value };
        const line = (parentUuid: string): string =>
          JSON.stringify({ before: [inner, text], parentUuid, after: inner }, undefined, spaces);
        expect(given(line('old'))).toBe(line('new'));
      }),
    ));

  it.each([
    [
      'the last of several counts',
      '{"parentUuid":"a","parentUuid" : "b"}',
      '{"parentUuid":"a","parentUuid" : "new"}',
    ],
    ['its name may be escaped', String.raw`{"parent\u0055uid":"b"}`, String.raw`{"parent\u0055uid":"new"}`],
    ['none is put in', '{"parentUuid":null}', '{"parentUuid":null}'],
  ])('%s', (_, line, expected) => {
    expect(given(line)).toBe(expected);
  });
});
