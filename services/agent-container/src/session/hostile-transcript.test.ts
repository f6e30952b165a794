import { describe, expect, it } from 'vitest';
import { HOSTILE_TRANSCRIPTS, LARGEST_BYTES } from './hostile-transcript.fixture.ts';
import { startProcess } from './started-process.fixture.ts';
import { temporaryDirectory } from './home/temporary-directory.fixture.ts';

/** Beside what the server takes anyway; the largest is never in memory as a whole. */
const MOST_BYTES = 0.6 * LARGEST_BYTES;
/** Nobody's work holds another's up for longer, in ms, also where a small object is digested faster than that. */
const LONGEST_BLOCK_MS = 1_000;
/** As many entries as a transcript may have take more than their bytes. */
const MOST_BYTES_OF_ENTRIES = 0.9 * LARGEST_BYTES;

interface Told {
  readonly grownBytes: number;
  readonly blockedMs: number;
  readonly digestMs: number;
}

describe('A transcript that a shell has filled is refused or repaired, in little memory, and holds nobody up', () => {
  it.each(Object.keys(HOSTILE_TRANSCRIPTS))('%s', { timeout: 120_000 }, async (name) => {
    const meeting = startProcess('./hostile-transcript-process.fixture.ts', [
      await temporaryDirectory(),
      name,
    ]);
    const [line = ''] = await meeting.rest();
    const told = JSON.parse(line) as Told;
    // Left by the CLI: the stored conversation stays as it was, and the next message goes on from there.
    expect(told).toMatchObject({ saved: 'conversation_too_large', isKept: true, turnAfter: 'ok' });
    // Stored: the turn before it is kept, the user is told of what is lost, and the next message is an ordinary one.
    expect(told).toMatchObject({ turnWithIt: 'ok', isRepaired: true, turnAfterwards: 'ok' });
    expect(told).toMatchObject({
      damages: [expect.stringContaining('is kept as')],
      lostTurns: [null, expect.any(Number), null],
    });
    expect(told.grownBytes).toBeLessThan(name.includes('300 MB') ? MOST_BYTES : MOST_BYTES_OF_ENTRIES);
    // Others are served meanwhile: nothing that grows with the object is done at once.
    expect(told.blockedMs).toBeLessThan(Math.max(told.digestMs, LONGEST_BLOCK_MS));
  });
});
