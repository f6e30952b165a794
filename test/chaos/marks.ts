/** One piece of an answer: which question it answers, which run of the model said it, and where it stands in the answer. */
export interface Mark {
  readonly token: string;
  /** Differs for every answer that the model ever gave. */
  readonly run: string;
  readonly part: number;
  readonly parts: number;
}

const QUESTION = /⟨ask (\w+)⟩/g;
const ANSWER = /⟨(\w+) by (\w+) (\d+) of (\d+)⟩/g;

export function questionMark(token: string): string {
  return `⟨ask ${token}⟩`;
}

export function answerMark({ token, run, part, parts }: Mark): string {
  return `⟨${token} by ${run} ${part} of ${parts}⟩`;
}

/** @returns the tokens of the questions in a text, in their order. */
export function questionsIn(text: string): string[] {
  return Array.from(text.matchAll(QUESTION), ([, token = '']) => token);
}

/** @returns the marks of answers in a text, in their order; a mark that was cut is none. */
export function marksIn(text: string): Mark[] {
  return Array.from(text.matchAll(ANSWER), ([, token = '', run = '', part, parts]) => ({
    token,
    run,
    part: Number(part),
    parts: Number(parts),
  }));
}
