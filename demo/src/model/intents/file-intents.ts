// "write a file notes.md that says hello" → what is wanted of which file; English and Chinese
import { asksForNewFile, asksToSend, asksToSendOnly, withoutSend } from './send-intents.ts';

export type FileIntent =
  | {
      readonly kind: 'write';
      readonly file: string;
      readonly content: string;
      readonly thenList: boolean;
      readonly thenSend: boolean;
    }
  /** Without a file: the one that was talked of last. */
  | { readonly kind: 'send'; readonly files: readonly string[] }
  | { readonly kind: 'append'; readonly file: string; readonly line: string }
  | { readonly kind: 'replace'; readonly file: string; readonly from: string; readonly to: string }
  | { readonly kind: 'read'; readonly file: string }
  | { readonly kind: 'list' }
  | { readonly kind: 'search'; readonly wanted: string };

const DEFAULT_FILE = 'notes.md';

const QUOTED = /["'`“‘「『《]([^"'`”’」』》]+)["'`”’」』》]/u;
const ASCII_FILE = /(?<![\w./-])[\w/-][\w./-]*\.[A-Za-z][A-Za-z0-9]{0,7}(?![\w/])/;
const ANY_FILE =
  /(?<![^\s"'`“‘「『《:：，,])[\p{L}\p{N}_/-][\p{L}\p{N}_./-]*\.[A-Za-z][A-Za-z0-9]{0,7}(?![A-Za-z0-9])/u;
/** What stands in quotes after such a word is a name, also with spaces in it. */
const QUOTED_NAME =
  /(?:\b(?:files?|called|named|send|me|read|open)|文件|叫做?|名为|发送|[把将读])\s*["'`“‘「『《]([^"'`”’」』》/\n]+\.[A-Za-z][A-Za-z0-9]{0,7})["'`”’」』》]/iu;
const NAMED =
  /(?:\bcalled|\bnamed|名叫|名为|叫做|叫)\s*["'`“「]?([\p{L}\p{N}_./-]+?)["'`”」]?(?=[\s,，.。:：;；]|$|的)/u;

const LIST_TAIL =
  /[\s,，.。;；]*(?:(?:\band\b|\bthen\b|\balso\b)[\s,]*)*(?:\blist\b|\bshow\b)[^\n]*\b(?:files?|folder|directory|everything)\b[^\n]*$|[\s,，。;；]*(?:然后|接着|之后|并且|并|再|最后)+(?:请)?(?:给我)?(?:列出|列一下|列|显示|看看|看一下)[^\n]*$/iu;

const LIST =
  /\b(?:list|show|see|what|which)\b[^\n]*\b(?:files|folder|directory|workspace)\b|^ls$|(?:列出|列一下|列|有哪些|有什么|哪些|看看|显示|查看).{0,8}(?:文件|目录)|(?:文件|目录|文件夹).{0,6}(?:列表|有哪些|有什么|列出来)/iu;

const WRITE = /\b(?:write|create|make|save|put|store)\b|写|创建|新建|建立|建一?个|保存|存到|存入/iu;
const READ =
  /\b(?:read|show|open|print|cat|display|view|contents?|what(?:'s| is| does))\b|读|看|打开|显示|查看|里有什么|写了什么|内容/iu;

const APPENDS = [
  /\b(?:append|add)\s+(?:the\s+)?(?:line\s+|text\s+)?(?<line>[\s\S]+?)\s+(?:to|into|in|at the end of)\s+(?:the\s+)?(?:end of\s+)?(?:the\s+)?(?:file\s+)?["'`]?(?<file>[^\s"'`]+\.\w+)/iu,
  /把(?<line>[\s\S]+?)(?:追加|添加|加)(?:到|进|在)\s*(?<file>\S+?\.[A-Za-z0-9]+)/u,
  /(?:在|给|往|向)?\s*(?<file>[^\s在给往向]+\.[A-Za-z0-9]+)\s*(?:文件)?(?:的)?(?:后面|末尾|最后|里面|里|中)?(?:再)?(?:追加|添加|增加|加上|加入|加)(?:一行|一句|内容)?[：:，,\s]*(?<line>[\s\S]+)/u,
];

const REPLACES = [
  /\b(?:replace|change)\s+(?<from>[\s\S]+?)\s+(?:with|to|by|into)\s+(?<to>[\s\S]+?)\s+in\s+(?:the\s+)?(?:file\s+)?["'`]?(?<file>[^\s"'`]+\.\w+)/iu,
  /\bin\s+(?:the\s+)?(?:file\s+)?["'`]?(?<file>[^\s"'`,]+\.\w+)["'`]?,?\s+(?:replace|change)\s+(?<from>[\s\S]+?)\s+(?:with|to|by|into)\s+(?<to>[\s\S]+)/iu,
  /(?:把|将)\s*(?<file>\S+?\.[A-Za-z0-9]+)\s*(?:文件)?(?:里面|里|中)?的?(?<from>[\s\S]+?)(?:改成|改为|换成|替换成|替换为)(?<to>[\s\S]+)/u,
];

const SEARCHES = [
  /\b(?:search|grep|look)\s+(?:for\s+)?(?<wanted>[\s\S]+?)\s+in\s+(?:all\s+)?(?:the\s+|my\s+)?files\b/iu,
  /^(?:search|grep)\s+(?:for\s+)?(?<wanted>[\s\S]+)/iu,
  /(?:在(?:所有)?文件(?:里|中))?(?:搜索|查找|搜一下)\s*(?<wanted>[\s\S]+)/u,
];

const CONTENTS = [
  /\b(?:that|which)\s+(?:says|reads|contains)\s*:?\s*(?<content>[\s\S]+)/iu,
  /\b(?:saying|containing)\s*:?\s*(?<content>[\s\S]+)/iu,
  /\b(?:with|and)\s+(?:the\s+)?(?:contents?|text|words?|lines?)\s*(?:of\b|is\b)?\s*:?\s*(?<content>[\s\S]+)/iu,
  /\bwith\s+(?<content>[\s\S]+)/iu,
  /\b(?:write|save|put|store)\s+(?<content>(?!(?:a|an|the|to|me|new)\b)[\s\S]+?)\s+(?:to|into|in)\s+/iu,
  /把(?<content>[\s\S]+?)(?:写|保存|存)(?:到|进|入|在)/u,
  /(?:内容|里面写|里面是|写上|写入|写着|写道)(?:是|为)?\s*[：:，,]?\s*(?<content>[\s\S]+)/u,
  /\.[A-Za-z0-9]+["'`”」』]?\s*[：:]\s*(?<content>[\s\S]+)/u,
];

/**
 * The content may stand before the file's name: "写一个内容为 hello 的文件 notes.md", "a file containing hello called notes.md".
 * The name is then looked for behind the content alone, because the content may hold a name too.
 */
const CONTENTS_BEFORE_NAME = [
  /^(?<before>[^\n.]*?)(?:内容(?:是|为)?|里面?写着?|写着|写有)\s*[：:]?\s*(?<content>[“"‘「『][^\n]*?[”"’」』]|[^，,。\n]+?)\s*的\s*(?:新|文本|\s)*(?<name>(?:文件|(?=[\p{L}\p{N}_./-]*[\w/-]\.[A-Za-z]))[^\n]*)$/u,
  /^(?<before>[^\n.]*?)\b(?:(?:that|which)\s+(?:says|reads|contains)|saying|containing|with\s+(?:the\s+)?(?:contents?|text|words?|lines?))\s*:?\s*(?<content>[\s\S]+?)[,\s]+(?:and\s+)?(?<name>(?:called|named|(?:call|name|save)\s+(?:it|this)(?:\s+as)?)\s+["'`“]?[^\s"'`”]+\.\w+[\s\S]*)$/iu,
];

/** @returns the content and the words that name the file, when the content stands before them. */
function contentBeforeName(request: string): { content: string; name: string } | undefined {
  const { before = '', content, name } = groupsOf(request, CONTENTS_BEFORE_NAME) ?? {};
  return content && name && fileIn(before) === undefined ? { content, name } : undefined;
}

/** @returns what the words want of the session's files, or undefined when they are not about files. */
export function readFileIntent(words: string): FileIntent | undefined {
  const replace = groupsOf(words, REPLACES);
  if (replace?.file && replace.from && replace.to) {
    return { kind: 'replace', file: replace.file, from: unquote(replace.from), to: unquote(replace.to) };
  }
  const append = groupsOf(words, APPENDS);
  if (append?.file && append.line) return { kind: 'append', file: append.file, line: unquote(append.line) };
  const file = fileIn(words);
  if (asksToSendOnly(words, file !== undefined)) return { kind: 'send', files: filesIn(words) };
  if (asksForNewFile(words)) return { ...readWrite(words), thenSend: true };
  const isAboutFile = file !== undefined || /\bfile\b|文件/iu.test(words);
  if (WRITE.test(words) && isAboutFile && !asksWhatIsWritten(words)) return readWrite(words);
  const search = groupsOf(words, SEARCHES);
  if (search?.wanted) return { kind: 'search', wanted: unquote(search.wanted) };
  if (asksToSend(words, file !== undefined)) return { kind: 'send', files: filesIn(words) };
  if (file !== undefined && READ.test(words)) return { kind: 'read', file };
  return LIST.test(words) ? { kind: 'list' } : undefined;
}

function readWrite(words: string): Extract<FileIntent, { kind: 'write' }> {
  const { rest, thenSend } = withoutSend(words);
  const request = rest.replace(LIST_TAIL, '');
  const early = contentBeforeName(request);
  const content = unquote(early?.content ?? groupsOf(request, CONTENTS)?.content ?? '');
  const file = fileIn(early?.name ?? request) ?? DEFAULT_FILE;
  return { kind: 'write', file, content, thenList: request !== rest, thenSend };
}

function asksWhatIsWritten(words: string): boolean {
  return /写了(?:什么|些什么|啥)|\bwhat\b[^\n]*\b(?:write|wrote)\b/iu.test(words);
}

/** A quoted name may hold anything; without quotes, Chinese letters before an ASCII name belong to the sentence. */
function fileIn(words: string): string | undefined {
  const named = QUOTED_NAME.exec(words)?.[1];
  if (named) return named;
  const quoted = QUOTED.exec(words)?.[1];
  if (quoted && ANY_FILE.exec(quoted)?.[0] === quoted) return quoted;
  return ASCII_FILE.exec(words)?.[0] ?? ANY_FILE.exec(words)?.[0] ?? NAMED.exec(words)?.[1];
}

/** @returns every file that the words name, or none. */
function filesIn(words: string): string[] {
  const ascii = QUOTED_NAME.test(words) ? null : words.match(new RegExp(ASCII_FILE, 'g'));
  return ascii ? [...new Set(ascii)] : [fileIn(words)].filter((file) => file !== undefined);
}

function groupsOf(words: string, patterns: readonly RegExp[]): Partial<Record<string, string>> | undefined {
  for (const pattern of patterns) {
    const groups = pattern.exec(words)?.groups;
    if (groups) return groups;
  }
  return undefined;
}

function unquote(text: string): string {
  const trimmed = text.trim().replace(/^[：:，,\s]+/u, '');
  const inner = /^["'`“‘「『]([\s\S]+?)["'`”’」』][.。!！]?$/u.exec(trimmed)?.[1];
  return inner ?? trimmed;
}
