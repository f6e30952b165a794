import { expect, it } from 'vitest';
import { createGate } from '../fakes/scripted-model.ts';
import { PERSON } from '../fakes/telegram-server.ts';
import { useFlow } from './system.fixture.ts';

const flow = useFlow();

/** The clock of the turns' time limit, which passes when the test says so. */
class Alarm {
  readonly askedMs: number[] = [];
  #current = new AbortController();

  readonly set = (ms: number): AbortSignal => {
    this.askedMs.push(ms);
    this.#current = new AbortController();
    return this.#current.signal;
  };

  /** The time of the run that set it last is up. */
  ring(): void {
    this.#current.abort();
  }
}

it('A turn that reaches its time limit goes on, ahead of later messages, and the user sees one answer', async () => {
  const alarm = new Alarm();
  await flow.start({ TURN_LIMIT_SECONDS: '600' }, { alarm: alarm.set });
  const gate = createGate();
  flow.model.reply('First half.', gate, ' never said');
  flow.model.reply('Second half.');
  flow.model.reply('Me too.');
  flow.say('Work for long');
  await gate.reached;
  flow.say('And this');
  await flow.telegram.waitForMessage(PERSON, (text) => text === 'First half.');
  alarm.ring();
  await flow.telegram.waitForMessage(PERSON, (text) => text === 'First half.\n\nSecond half.');
  await flow.telegram.waitForMessage(PERSON, (text) => text === 'Me too.');
  gate.release();
  const continued = JSON.stringify(flow.model.requests[1]?.body.messages);
  expect(continued).toContain('First half.');
  expect(continued).toContain('Continue exactly where you left off');
  expect(continued).not.toContain('And this');
  // Each run has the whole time, less what it took to come so far.
  expect(alarm.askedMs).toHaveLength(3);
  for (const ms of alarm.askedMs) expect(ms).toBeLessThanOrEqual(600_000);
});

it('A turn that never ends is ended, with what there is and a clear word', async () => {
  const alarm = new Alarm();
  await flow.start({ TURN_LIMIT_SECONDS: '600', MAX_CONTINUATIONS: '1' }, { alarm: alarm.set });
  const [first, second] = [createGate(), createGate()];
  flow.model.reply('Part one.', first);
  flow.model.reply('Part two.', second);
  flow.say('Work for ever');
  await flow.telegram.waitForMessage(PERSON, (text) => text === 'Part one.');
  alarm.ring();
  await flow.telegram.waitForMessage(PERSON, (text) => text === 'Part one.\n\nPart two.');
  alarm.ring();
  await flow.telegram.waitForMessage(PERSON, (text) => text.includes('longer than one turn may'));
  for (const gate of [first, second]) gate.release();
  flow.model.clear();
  flow.say('Still there?');
  await flow.telegram.waitForMessage(PERSON, (text) => text === 'ok');
});
