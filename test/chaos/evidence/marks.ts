/** One piece of an answer: which question it answers, which run of the model said it, and where it stands in the answer. */
export interface Mark {
  readonly token: string;
  /** Differs for every answer that the model ever gave. */
  readonly run: string;
  readonly part: number;
  readonly parts: number;
}

const QUESTION = /⟨ask (\w+)⟩|\bask-([a-z0-9]+)/g;
const ANSWER = /⟨(\w+) by (\w+) (\d+) of (\d+)⟩/g;

/** A file that the bot sent: for which question, and by which run. */
export type FileMark = Pick<Mark, 'token' | 'run'>;

const WISH = /⟨send (\w+)⟩/g;
const FILE = /⟨file for (\w+) by (\w+)⟩/;

/** A question with it wants a file. */
export function wishMark(token: string): string {
  return `⟨send ${token}⟩`;
}

/** @returns the tokens of the questions in a text that want a file. */
export function wishesIn(text: string): string[] {
  return Array.from(text.matchAll(WISH), ([, token = '']) => token);
}

/** In a question, it asks the model to think for long, so that there is time to stop it. */
export const LONG_THOUGHT = '⟨think⟩';

/** The caption of such a file. */
export function fileMark({ token, run }: FileMark): string {
  return `⟨file for ${token} by ${run}⟩`;
}

/** @returns the mark in a caption; undefined for a text without one. */
export function fileMarkIn(text: string): FileMark | undefined {
  const [, token, run] = FILE.exec(text) ?? [];
  return token === undefined || run === undefined ? undefined : { token, run };
}

export function questionMark(token: string): string {
  return `⟨ask ${token}⟩`;
}

export function answerMark({ token, run, part, parts }: Mark): string {
  return `⟨${token} by ${run} ${part} of ${parts}⟩`;
}

/** The name of a file that asks by itself: messages of an album have no text but the first. */
export function askingFile(token: string): string {
  return `ask-${token}.txt`;
}

/** @returns what such a file has in it. */
export function contentOf(token: string): string {
  return `This file asks for ${token}.`;
}

/** @returns the tokens of the questions in a text, each once: of its words first, and then of the files that it names. */
export function questionsIn(text: string): string[] {
  return [...new Set(Array.from(text.matchAll(QUESTION), ([, asked, named]) => asked ?? named ?? ''))];
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
