// "… and send it to me" → what is wanted of sending; English and Chinese

/** A request that is about sending alone: nothing of it is to be written. */
const ONLY_SEND =
  /^(?:(?:please|now|(?:can|could|would|will) you)[\s,]+)*(?:send|share|give|hand)\b|^(?:请|麻烦|你|帮我|能|可以|再|现在)*(?:把|将)(?!\S*(?:写|存|保存)[到进入在])[^，,。\n]*(?:发|传)|^(?:请|麻烦|你|帮我|能|可以|再)*(?:发|传)(?:送|给|我|回|过|一)/iu;
const SEND = /\bsend\b|发(?:送|给|我|回|过来|来|一下)|传(?:送|给|我|回|过来)/iu;
const IT =
  /\bsend\b[^\n]*\b(?:it|them|that|this|those|these|back|(?:the|my)\s+(?:files?|documents?|photos?|pictures?|images?))\b|(?:发|传)(?:送|回)?(?:给我|我|来|回|过来)(?:吗|吧)?[\s。.!！?？]*$/iu;
const NEW_FILE =
  /\b(?:send|share|give|hand)\s+me\s+an?\s+(?:new\s+)?(?:\w+\s+)?file\b|发[^，,。\n]*一个?(?:新)?文件/iu;

/** "and send it to me" at the end of a request, or before what else it says. */
const TAIL =
  /[\s,，.。;；]{0,5}\b(?:and|then)[\s,]+(?:(?:then|also|please)[\s,]+){0,5}send\s+(?:it|that|this|me|back|the\s+\w+)\b(?:\s+(?:it|to|me|us|back|over|here|please|now|too|the\s+file)\b)*[\s.!]*(?=$|[\s,，]*\b(?:and|then|with|that|which|saying|containing)\b)|(?:(?<=文件|\.[A-Za-z0-9]{1,8})|[\s,，.。;；]|然后|接着|之后|并且|并|再|最后)(?:[\s,，.。;；]|然后|接着|之后|并且|并|再|最后|请){0,5}(?:把(?:它|这个|该)?(?:文件)?)?(?:发|传)(?:送|回)?(?:给我|我|来|过来)(?:吧)?[\s。.!！]*(?=$|[，,：:]*\s*(?:里面)?(?:内容|写)|[，,]*(?:然后|接着|并|再|最后))/iu;

/** @returns whether the words ask for nothing but files that are there: those they name, or "it". */
export function asksToSendOnly(words: string, namesFile: boolean): boolean {
  return ONLY_SEND.test(words) && !asksForNewFile(words) && (namesFile || IT.test(words));
}

/** @returns whether the words ask for a file that is still to be written: "send me a file that says hello". */
export function asksForNewFile(words: string): boolean {
  return NEW_FILE.test(words);
}

/** @returns whether the words ask for files in any phrasing. */
export function asksToSend(words: string, namesFile: boolean): boolean {
  return IT.test(words) || (namesFile && SEND.test(words));
}

/** @returns a request to write, without its wish to be sent what is written, and whether it had one. */
export function withoutSend(request: string): { rest: string; thenSend: boolean } {
  return { rest: request.replace(TAIL, ' ').trim(), thenSend: TAIL.test(request) };
}
