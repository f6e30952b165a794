import { describe, expect, it } from 'vitest';
import { detectEntities } from './detected-entities.ts';

function found(text: string): [string, string][] {
  return detectEntities(text).map(({ type, offset, length }) => [type, text.slice(offset, offset + length)]);
}

describe('detectEntities', () => {
  it('marks a command, with the bot it is for', () => {
    expect(found('/new')).toEqual([['bot_command', '/new']]);
    expect(found('please /new@omnicloud_agent_bot now')).toEqual([
      ['bot_command', '/new@omnicloud_agent_bot'],
    ]);
  });

  it.each(['/etc/hosts', 'a/b', 'and/or', '/', 'me@example.com'])('finds nothing in %s', (text) => {
    expect(found(text)).toEqual([]);
  });

  it('marks a link without the punctuation that ends its sentence', () => {
    expect(found('😀 see (https://example.com/a_(b)?c=d), ok')).toEqual([
      ['url', 'https://example.com/a_(b)?c=d'],
    ]);
  });

  it('marks a mention, and none inside of a link', () => {
    expect(found('@friend https://example.com/@someone')).toEqual([
      ['mention', '@friend'],
      ['url', 'https://example.com/@someone'],
    ]);
  });
});
