import { OperateError, reasonOf } from '../operate-error.ts';

/** One thing that was looked at. */
export interface Finding {
  /** `note`: nothing is wrong, but it is good to know. */
  readonly state: 'ok' | 'wrong' | 'note';
  readonly what: string;
  /** What to do about it. */
  readonly cure?: string;
}

export function fine(what: string): Finding {
  return { state: 'ok', what };
}

export function wrong(what: string, cure: string): Finding {
  return { state: 'wrong', what, cure };
}

export function note(what: string, cure?: string): Finding {
  return { state: 'note', what, ...(cure === undefined ? {} : { cure }) };
}

/** @returns what the check found; one that could not be made is itself something wrong. */
export async function look(subject: string, check: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof OperateError)
      return [wrong(`${subject}: ${error.message}`, error.cure ?? 'Try again.')];
    const cure = 'Try again; if it stays, this account may lack the permission to look.';
    return [wrong(`${subject} could not be looked at: ${reasonOf(error)}`, cure)];
  }
}

const MARKS = { ok: '✓', wrong: '✗', note: 'ℹ' } as const;

/** @returns one line, and a second one with what to do. */
export function linesOf({ state, what, cure }: Finding): string[] {
  return [`${MARKS[state]} ${what}`, ...(cure === undefined ? [] : [`  → ${cure}`])];
}
