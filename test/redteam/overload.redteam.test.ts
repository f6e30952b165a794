import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SUCCESS } from './attack.ts';
import { OVERLOADING } from './proxy-attacks.ts';
import { openStage, type Stage } from './stage.fixture.ts';
import { feel, neighbourAlone } from './under-attack.fixture.ts';

/** On a machine where a chat alone already waits longer, it is as long as that. */
const LEEWAY_MS = 3_000;
const MOST_MB = 700;

let stage: Stage;
let aloneMs = 0;

describe.skipIf(process.platform !== 'linux')(
  'What a shell sends to the model proxy is not felt by another chat (Linux)',
  () => {
    beforeAll(async () => {
      stage = await openStage({ shell: 'on' });
      await neighbourAlone(stage);
      aloneMs = await neighbourAlone(stage);
    });
    afterAll(() => stage[Symbol.asyncDispose]());

    it.each(OVERLOADING.map((attack) => [attack.name, attack] as const))('%s', async (_, attack) => {
      const felt = await feel(stage, attack);
      expect(felt.neighbourMs).toBeLessThan(aloneMs + Math.max(LEEWAY_MS, aloneMs));
      expect(felt.slowestMs).toBeLessThan(LEEWAY_MS);
      expect(felt.peakMb).toBeLessThan(MOST_MB);
      expect(stage.server().exitCode).toBeNull();
    });

    it('and none of it reaches the model', () => {
      expect(stage.shown()).not.toContain(SUCCESS);
      expect(stage.shown()).toContain('HTTP/1.1 4');
    });
  },
);
