import { expect, it } from 'vitest';
import { HOSTILE_TRANSCRIPTS } from './hostile-transcript.fixture.ts';
import { startProcess } from './started-process.fixture.ts';
import { temporaryDirectory } from './temporary-directory.fixture.ts';

/** Beside what the server takes anyway. A stored object is read before anything is known of it: 300 MB are in memory, once. */
const MOST_BYTES = 360 * 1024 * 1024;

interface Told {
  readonly name: string;
  readonly grownBytes: number;
}

it('A transcript that a shell has filled is refused or repaired, and is never in memory many times', async () => {
  const meeting = startProcess('./hostile-transcript-process.fixture.ts', [await temporaryDirectory()]);
  const met = (await meeting.rest()).map((line) => JSON.parse(line) as Told);
  expect(met.map(({ name }) => name)).toEqual(Object.keys(HOSTILE_TRANSCRIPTS));
  for (const told of met) {
    // Left by the CLI: the stored conversation stays as it was, and the next message goes on from there.
    expect(told, told.name).toMatchObject({ saved: 'conversation_too_large', isKept: true, turnAfter: 'ok' });
    // Stored: the turn before it is kept, the user is told of what is lost, and the next message is an ordinary one.
    expect(told, told.name).toMatchObject({ turnWithIt: 'ok', isRepaired: true, turnAfterwards: 'ok' });
    expect(told, told.name).toMatchObject({
      damages: [expect.stringContaining('is kept as')],
      lostTurns: [null, expect.any(Number), null],
    });
    expect(told.grownBytes, told.name).toBeLessThan(MOST_BYTES);
  }
}, 300_000);
