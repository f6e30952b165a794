import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JsonLimits, JsonTally, parseWithin } from './json-tally.ts';
import { BODY_LIMITS } from './proxy-limits.ts';

const WIDE: JsonLimits = {
  maxDepth: 10_000,
  maxItems: 1e9,
  maxKeysOfObject: 1e9,
  maxKeyBytes: 1e9,
  maxTokenBytes: 1e9,
};

function tallyOf(
  chunks: readonly Uint8Array[],
  limits = WIDE,
): { items: number; problem: string | undefined } {
  const tally = new JsonTally(limits);
  let problem: string | undefined;
  for (const chunk of chunks) problem = tally.add(chunk);
  return { problem: problem ?? tally.end(), items: tally.items };
}

/** What a parsed value is made of. */
function itemsOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, one) => sum + itemsOf(one), 1);
  if (value === null || typeof value !== 'object') return 1;
  return Object.values(value).reduce<number>((sum, one) => sum + 1 + itemsOf(one), 1);
}

function cut(text: string, places: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text);
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].sort(
    (a, b) => a - b,
  );
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
}

const places = fc.array(fc.nat(), { maxLength: 12 });

describe('A tally', () => {
  it('counts what JSON.parse builds, wherever the bytes are cut', () => {
    const indents = fc.constantFrom('', ' ', '\t\n');
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), indents, places, (value, indent, at) => {
        const text = JSON.stringify(value, undefined, indent);
        expect(tallyOf(cut(text, at))).toEqual({ problem: undefined, items: itemsOf(JSON.parse(text)) });
      }),
      { numRuns: 500 },
    );
  });

  it('lets no text pass that JSON.parse takes and finds more in', () => {
    const piece = fc.constantFrom(
      ...Array.from('[]{},:"\\ \n'),
      '""',
      '"a":',
      '{}',
      '[[',
      '1',
      '-2e3',
      'true',
      'null',
      '\\"',
      '\\u0022',
      '你',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 24 }), places, (pieces, at) => {
        const text = pieces.join('');
        let value: unknown;
        try {
          value = JSON.parse(text);
        } catch {
          return;
        }
        const { items, problem } = tallyOf(cut(text, at));
        expect(problem).toBeUndefined();
        // A key that is there twice is counted twice.
        expect(items).toBeGreaterThanOrEqual(itemsOf(value));
      }),
      { numRuns: 5_000 },
    );
  });

  it.each<[string, string, RegExp]>([
    ['nesting', '['.repeat(129), /nested/],
    ['nesting of both kinds', '{"a":['.repeat(65), /nested/],
    ['values', `[${'{},'.repeat(250_000)}0]`, /too many values/],
    ['strings', `[${'"",'.repeat(250_000)}0]`, /too many values/],
    ['fields of one object', `{${'"a":1,'.repeat(4_097)}"b":1}`, /too many fields/],
    ['a field’s name', `{"${'a'.repeat(1_025)}":1}`, /name is too long/],
    ['a number', `[${'1'.repeat(65)}]`, /number/],
    ['no end', '{"a":[', /cut off/],
    ['a string without end', '"abc\\"', /cut off/],
    ['more ends than beginnings', '[]]', /not JSON/],
  ])('refuses %s over the limit', (_, text, problem) => {
    expect(tallyOf([Buffer.from(text)], BODY_LIMITS).problem).toMatch(problem);
    expect(() => parseWithin(Buffer.from(text), BODY_LIMITS)).toThrow(problem);
  });

  it('says so at the byte where it is, and reads no further', () => {
    const tally = new JsonTally(BODY_LIMITS);
    expect(tally.add(Buffer.from('['.repeat(128)))).toBeUndefined();
    expect(tally.add(Buffer.from('['))).toMatch(/nested/);
    const { items } = tally;
    expect(tally.add(Buffer.from('{},{},{}'))).toMatch(/nested/);
    expect(tally.items).toBe(items);
  });

  it('takes what is just within the limits', () => {
    const text = `{"a":[${'{},'.repeat(249_996)}${'9'.repeat(64)}]}`;
    expect(tallyOf([Buffer.from(text)], BODY_LIMITS)).toEqual({ problem: undefined, items: 250_000 });
  });

  it.each([
    ['strings', 'a'],
    ['escapes', '\\"'],
    ['objects', '{},'],
    ['numbers', '1,'],
    ['separators', ' ,:'],
  ])('needs no more than linear time for %s', (_, piece) => {
    const timeOf = (bytes: number): number => {
      const text = Buffer.from(
        (piece === 'a' || piece === '\\"' ? '"' : '[') + piece.repeat(bytes / piece.length),
      );
      const times = [1, 2, 3].map(() => {
        const began = process.cpuUsage();
        tallyOf([text]);
        return process.cpuUsage(began).user;
      });
      return Math.min(...times);
    };
    // Eight times as many bytes; a quadratic count would take 64 times as long.
    expect(timeOf(16_000_000)).toBeLessThan(24 * Math.max(timeOf(2_000_000), 1_000));
  });
});
