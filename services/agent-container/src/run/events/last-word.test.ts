import { expect, it, onTestFinished, vi } from 'vitest';
import { LastWord } from './last-word.ts';
import { OutputGate } from '../cli/output-gate.ts';
import { OUTPUT_LIMITS } from '../cli/output-limits.ts';

const GRACE_MS = OUTPUT_LIMITS.afterLastWordMs;

function listening(): { gate: OutputGate; lastWord: LastWord; onOverdue: ReturnType<typeof vi.fn> } {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const gate = new OutputGate();
  const onOverdue = vi.fn();
  return { gate, onOverdue, lastWord: new LastWord({ gate, onOverdue }) };
}

it('A CLI that stays after its result is waited for as long as the grace lasts, whatever else it says', () => {
  const { lastWord, onOverdue } = listening();
  lastWord.heard(true);
  vi.advanceTimersByTime(GRACE_MS - 1);
  lastWord.heard(true);
  lastWord.heard(false);
  expect(onOverdue).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(onOverdue).toHaveBeenCalledOnce();
  vi.advanceTimersByTime(GRACE_MS * 2);
  expect(onOverdue).toHaveBeenCalledOnce();
});

it('What it said before it ended is not lost to a reader who is slow', () => {
  const { gate, lastWord, onOverdue } = listening();
  gate.shut();
  lastWord.heard(false);
  vi.advanceTimersByTime(GRACE_MS * 3);
  expect(onOverdue).not.toHaveBeenCalled();
  gate.open();
  vi.advanceTimersByTime(1_000);
  expect(onOverdue).toHaveBeenCalledOnce();
});

it('After a result, nothing is worth the wait', () => {
  const { gate, lastWord, onOverdue } = listening();
  gate.shut();
  lastWord.heard(true);
  vi.advanceTimersByTime(GRACE_MS);
  expect(onOverdue).toHaveBeenCalledOnce();
});

it('A CLI that goes in time is not waited for any more', () => {
  const { lastWord, onOverdue } = listening();
  lastWord.heard(true);
  lastWord[Symbol.dispose]();
  vi.advanceTimersByTime(GRACE_MS * 2);
  expect(onOverdue).not.toHaveBeenCalled();
});
