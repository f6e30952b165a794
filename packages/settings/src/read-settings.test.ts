import { expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigError, readParts, readSettings } from './read-settings.ts';

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

const SERVER = z.object({ PORT: z.coerce.number('must be a number') });
const CLIENT = z.object({
  TOKEN: z.string({ error: 'is required' }),
  PORT: z.coerce.number('must be a number'),
});

it('names the mistakes of all parts at once, each a single time, behind those that were known before', () => {
  const problems = ['PROT is unknown', 'PORT must be a number', 'TOKEN is required'];
  const read = (): unknown =>
    readParts({ server: SERVER, client: CLIENT }, { PORT: 'x' }, ['PROT is unknown']);
  expect(read).toThrow(expect.objectContaining({ code: 'bad_config', problems }));
});

it('asks for no setting of a part that does not apply', () => {
  const parts = readParts({ server: SERVER, client: undefined }, { PORT: '80' });
  expect(parts).toEqual({ server: { PORT: 80 }, client: undefined });
});

it('starts nothing with mistakes that were known before, even if there is no other', () => {
  expect(() => readParts({ server: SERVER }, { PORT: '80' }, ['PROT is unknown'])).toThrow(ConfigError);
});
