const PARAGRAPH_BREAK = '\n\n';
const FENCE = /^ {0,3}(```|~~~)/gm;
/** The end of a sentence, with what may close it. */
const SENTENCE_ENDS = /[.!?:;…][)"'*_`”’]*$/;
/** What nobody writes in the middle of one. */
const SENTENCE_BEGINS = /^(\p{Lu}|[*_]*\p{Lu}|#{1,6} |[-*+>] |\d+[.)] |```|~~~)/u;

/**
 * Puts two pieces of one text together, of which the first was cut off anywhere and the second goes on there: in the middle of a word,
 * of a line of code, or between two paragraphs. Nothing is put in between unless a sentence ends at the cut and another one begins.
 */
export function joinPieces(first: string, second: string): string {
  if (first.trim() === '') return second;
  if (second.trim() === '') return first;
  const isInCode = (first.match(FENCE)?.length ?? 0) % 2 === 1;
  const isBetween = !isInCode && SENTENCE_ENDS.test(first) && SENTENCE_BEGINS.test(second);
  return first + (isBetween ? PARAGRAPH_BREAK : '') + second;
}
