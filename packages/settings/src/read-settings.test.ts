import { expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigError, readSettings } from './read-settings.ts';

const schema = z.object({
  TOKEN: z.string({ error: 'is required' }).min(8, 'is too short'),
  PORT: z.coerce.number('must be a number').default(8787),
  MODE: z.enum(['on', 'off'], 'must be on or off'),
});

it('names every wrong or missing setting at once, and repeats no value', () => {
  const read = (): unknown => readSettings(schema, { TOKEN: 'secret', PORT: 'x', MODE: '  ' });
  expect(read).toThrow(ConfigError);
  try {
    read();
  } catch (error) {
    expect((error as ConfigError).problems).toEqual([
      'TOKEN is too short',
      'PORT must be a number',
      'MODE must be on or off',
    ]);
    expect(String(error)).not.toContain('secret');
  }
});

it('takes a setting that is empty for one that is not set', () => {
  expect(readSettings(schema, { TOKEN: 'long enough', PORT: '', MODE: 'on' }).PORT).toBe(8787);
});
