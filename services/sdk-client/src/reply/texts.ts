import { type Command, COMMANDS, MAX_ATTACHMENT_BYTES, type MissingFile } from '@omnicloud/protocol';
import { codeSpan } from '../markdown/code-span.ts';

export type Language = 'en' | 'zh';

/** @param languageCode IETF tag as Telegram sends it, e.g. `zh-hans`. */
export function languageOf(languageCode: string | undefined): Language {
  return languageCode?.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

interface StatusFigures {
  readonly sessionId: string | undefined;
  readonly lastUsed: Date | undefined;
  /** Undefined when the queue cannot tell. */
  readonly waiting: number | undefined;
}

interface Texts {
  commands: Record<Command, string>;
  welcome: string;
  help: string;
  newSession: string;
  status: (figures: StatusFigures) => string;
  noSession: string;
  nothingStored: string;
  noFiles: string;
  /** @param size of all of them, ready to be read. */
  files: (count: number, size: string) => string;
  moreFiles: (count: number) => string;
  archive: Record<'export' | 'debug', string>;
  archiveTooLarge: (megabytes: number) => string;
  archiveRefused: string;
  ownerOnly: string;
  stranger: (id: string) => string;
  notText: string;
  fileTooLarge: (megabytes: number) => string;
  fileMissing: Record<MissingFile['reason'], (name: string) => string>;
  moreFilesMissing: (count: number) => string;
  fileLost: (name: string) => string;
  fileRefused: (name: string) => string;
  tooLong: (limit: number) => string;
  sessionLost: string;
  repaired: (lostTurns: number) => string;
  emptyAnswer: string;
  /** @param ahead so many turns start before this one. */
  place: (ahead: number) => string;
  /** Plain text, below the beginning of an answer. */
  placeAbout: (ahead: number) => string;
  answerAttached: string;
  answerRefused: string;
  answerCut: string;
  /** @param link to the message that is answered. */
  outsideTopic: (link: string | undefined) => string;
  /** For the owner. @param where the chat's title or its user's name. @param why as the log says it. */
  answerKept: (where: string, why: string) => string;
  /** @param dropped so many messages that nobody had begun with. */
  stopped: (dropped: number) => string;
  nothingRunning: string;
  notStopped: string;
  stoppedHere: string;
  notSaved: string;
  partialNotSaved: string;
  sentFilesLost: (count: number) => string;
  compacted: string;
  serversMissing: (servers: readonly string[]) => string;
  workspaceOverLimit: string;
  filesLost: (count: number) => string;
  fileListLost: string;
  endless: string;
  outputLimit: string;
  failed: (reason: string) => string;
  gaveUp: string;
  putOff: (reason: string) => string;
  stillThrottled: string;
  waitedInVain: (reason: string) => string;
}

/** What a bot can have of a file. */
const MEGABYTES = MAX_ATTACHMENT_BYTES / 1_000_000;

const english: Texts = {
  commands: {
    start: 'What this bot does',
    help: 'Commands and tips',
    new: 'Start a new conversation',
    stop: 'Stop what is being answered',
    status: 'Show this conversation',
    files: 'List the files of this conversation',
    export: 'Get this conversation and its files',
    debug: 'Get the session files (owner only)',
  },
  welcome:
    'Hello! I am a Claude agent. Write to me, and I answer, also with files in a workspace of my own.\n\n' +
    'Each chat and each topic is a conversation of its own, and it does not get lost. /help says more.',
  help:
    '**Commands**\n' +
    '/new – start a new conversation (the old one is kept)\n' +
    '/stop – stop what is being answered\n' +
    '/status – show this conversation\n' +
    '/files – list its files\n' +
    '/export – get it with its files, as an archive\n' +
    '/debug – get its session files, to find out what went wrong (owner only)\n' +
    '/help – this text\n\n' +
    'Write as you would to a colleague, and send files as you would to one. In a group with topics, every topic is a conversation of its own.',
  newSession: 'A new conversation begins here.',
  status: ({ sessionId, lastUsed, waiting }) =>
    sessionId === undefined
      ? english.noSession
      : `**Session** \`${sessionId}\`\n**Last answer** ${stamp(lastUsed)}${line('Waiting messages', waiting)}`,
  noSession: 'There is no conversation here yet; your next message starts one.',
  nothingStored: 'Nothing is stored of this conversation any more; your next message starts a new one.',
  noFiles: 'There are no files in this conversation yet.',
  files: (count, size) => `**${count === 1 ? '1 file' : `${count.toLocaleString('en')} files`}**, ${size}`,
  moreFiles: (count) => `and ${count.toLocaleString('en')} more; /export brings them all.`,
  archive: {
    export: 'This conversation: transcript, tasks and files.',
    debug: 'The session files: transcript, debug log and tasks.',
  },
  archiveTooLarge: (megabytes) =>
    `The archive is too large: Telegram takes up to ${megabytes} MB from a bot. Ask me to delete what is no longer needed, and try again.`,
  archiveRefused: 'Telegram did not take the archive here.',
  ownerOnly: 'Only the owner of this bot can have the session files.',
  stranger: (id) =>
    `You are not on this bot's list. Your Telegram id is \`${id}\`; its owner can add it to \`ALLOWED_USERS\`.`,
  notText: 'I can read text and files, and not this kind of message. Please write what you need.',
  fileTooLarge: (megabytes) =>
    `That file is too large: Telegram gives a bot files of up to ${megabytes} MB. It was not read.`,
  fileMissing: {
    too_large: (name) =>
      `⚠️ I could not read ${codeSpan(name)}: it is too large. Telegram gives a bot files of up to ${MEGABYTES} MB.`,
    refused: (name) =>
      `⚠️ I could not read ${codeSpan(name)}: Telegram does not give it out. It is gone or larger than ${MEGABYTES} MB; please send it again if I need it.`,
    unavailable: (name) =>
      `⚠️ I could not read ${codeSpan(name)}: Telegram did not hand it over in several tries. Please send it again if I need it.`,
  },
  moreFilesMissing: (count) => (count === 1 ? '⚠️ Nor one more file.' : `⚠️ Nor ${count} more files.`),
  fileLost: (name) => `The file “${name}” is gone from the store and cannot be sent. Ask me for it again.`,
  fileRefused: (name) =>
    `Telegram did not take the file “${name}” here. /export brings it with all the others.`,
  tooLong: (limit) =>
    `That message is too long: at most ${limit.toLocaleString('en')} characters can be read at once.`,
  sessionLost: '_The earlier conversation could not be found, so this is a new one._',
  repaired: (lostTurns) =>
    lostTurns === 0
      ? '_The stored conversation was damaged and has been repaired; no message is lost._'
      : lostTurns === 1
        ? '_The stored conversation was damaged: one message or its answer is lost._'
        : `_The stored conversation was damaged: ${lostTurns} messages or their answers are lost._`,
  emptyAnswer: 'Done. (There was nothing to say.)',
  place: (ahead) =>
    ahead === 0
      ? 'Your message is next in the queue.'
      : `Your message is in the queue: ${ahead.toLocaleString('en')} before you.`,
  placeAbout: (ahead) =>
    ahead === 0
      ? 'Your message is waiting to be taken up.'
      : `Your message is waiting to be taken up: about ${ahead.toLocaleString('en')} before you.`,
  answerAttached: 'This is only the beginning: the whole answer is attached as answer.md.',
  answerRefused:
    'Telegram did not take the whole answer as a file here. /export brings it with the conversation.',
  answerCut: '_The answer was cut here: it is too long to be sent._',
  outsideTopic: (link) =>
    `This belongs to ${link === undefined ? 'another topic' : `[another topic](${link})`}, which takes no messages from me now:`,
  answerKept: (where, why) =>
    `An answer could not be delivered in ${codeSpan(where)}: ${codeSpan(why)}. It is kept: I try again for two days, and when somebody writes there.`,
  stopped: (dropped) =>
    dropped === 0
      ? 'Everything you asked before this is stopped.'
      : dropped === 1
        ? 'Everything you asked before this is stopped, and the message that was waiting is dropped.'
        : `Everything you asked before this is stopped, and the ${dropped} messages that were waiting are dropped.`,
  nothingRunning: 'Nothing is running.',
  notStopped: 'That could not be stopped just now. Please send /stop again in a moment.',
  stoppedHere: '⏹ _Stopped._',
  endless: '_This took longer than one turn may, so it was ended here. Say “go on” to continue._',
  outputLimit:
    '_This answer reached the limit of what the model may write at once, so it ends here. Say “go on” for the rest._',
  notSaved: '_This answer could not be saved: the next message may not know of it._',
  partialNotSaved:
    '_This answer is not complete: its time was up, and the work so far could not be saved. The next message may not know of it; please ask again for the rest._',
  sentFilesLost: (count) =>
    count === 1
      ? '_One file that belongs to it could not be stored, and is lost._'
      : `_${count} files that belong to it could not be stored, and are lost._`,
  compacted:
    '_This conversation has become long, so I summed up its older part; I may not know every detail of it any more._',
  serversMissing: (servers) =>
    `_These servers do not answer, so I do without their tools:_ ${servers.map(codeSpan).join(', ')}`,
  workspaceOverLimit:
    '_The files are over the size limit: the largest were not saved and may be gone later. Delete some to make room._',
  filesLost: (count) =>
    count === 1
      ? '_One saved file could not be brought back: it is missing or damaged in the store._'
      : `_${count.toLocaleString('en')} saved files could not be brought back: they are missing or damaged in the store._`,
  fileListLost:
    '_The saved files of this conversation could not be brought back: their list is missing or damaged in the store._',
  failed: (reason) => `I could not answer: ${reason}.`,
  gaveUp:
    'I could not answer this message after several tries. It was put aside; please send it again later.',
  putOff: (reason) =>
    `Not yet: ${reason}. Your message is kept, and I answer it as soon as this is over. /stop ends the wait.`,
  stillThrottled:
    'Still not: the model has turned requests of this bot away for at least a quarter of an hour, so its quota is probably used up, perhaps that of the day. Your message is kept, and I answer it as soon as there is some again. /stop ends the wait.',
  waitedInVain: (reason) =>
    `I waited for about a day and still could not answer: ${reason}. The message was put aside; please send it again later.`,
};

const chinese: Texts = {
  commands: {
    start: '这个机器人能做什么',
    help: '命令与提示',
    new: '开始新对话',
    stop: '停止正在进行的回答',
    status: '查看当前对话',
    files: '列出当前对话的文件',
    export: '导出当前对话和文件',
    debug: '获取会话文件（仅限主人）',
  },
  welcome:
    '你好！我是一个 Claude 智能体。给我发消息，我会回答，也能在自己的工作区里读写文件。\n\n' +
    '每个聊天、每个话题都是独立的对话，不会丢失。更多说明见 /help。',
  help:
    '**命令**\n' +
    '/new – 开始新对话（旧对话会保留）\n' +
    '/stop – 停止正在进行的回答\n' +
    '/status – 查看当前对话\n' +
    '/files – 列出它的文件\n' +
    '/export – 把对话和文件打包发给你\n' +
    '/debug – 获取会话文件，用来查找问题（仅限主人）\n' +
    '/help – 显示本说明\n\n' +
    '像和同事说话一样写就行，也可以直接发文件。在有话题的群组里，每个话题都是独立的对话。',
  newSession: '新的对话从这里开始。',
  status: ({ sessionId, lastUsed, waiting }) =>
    sessionId === undefined
      ? chinese.noSession
      : `**会话** \`${sessionId}\`\n**上次回答** ${stamp(lastUsed)}${line('等待中的消息', waiting)}`,
  noSession: '这里还没有对话；你的下一条消息会开始一个。',
  nothingStored: '这个对话已经没有保存的内容；你的下一条消息会开始一个新的。',
  noFiles: '这个对话里还没有文件。',
  files: (count, size) => `**${count.toLocaleString('en')} 个文件**，共 ${size}`,
  moreFiles: (count) => `还有 ${count.toLocaleString('en')} 个；用 /export 可以得到全部。`,
  archive: {
    export: '当前对话：记录、任务和文件。',
    debug: '会话文件：记录、调试日志和任务。',
  },
  archiveTooLarge: (megabytes) =>
    `打包后太大了：Telegram 最多接受机器人发送 ${megabytes} MB。请让我删掉不需要的文件，再试一次。`,
  archiveRefused: 'Telegram 没有接受在这里发送的压缩包。',
  ownerOnly: '只有机器人的主人才能获取会话文件。',
  stranger: (id) =>
    `你不在这个机器人的名单里。你的 Telegram id 是 \`${id}\`；机器人的主人可以把它加入 \`ALLOWED_USERS\`。`,
  notText: '我能读文字和文件，但读不了这种消息。请把需要写下来。',
  fileTooLarge: (megabytes) => `文件太大了：Telegram 最多给机器人 ${megabytes} MB 的文件。它没有被读取。`,
  fileMissing: {
    too_large: (name) =>
      `⚠️ ${codeSpan(name)} 没能读取：文件太大。Telegram 最多给机器人 ${MEGABYTES} MB 的文件。`,
    refused: (name) =>
      `⚠️ ${codeSpan(name)} 没能读取：Telegram 不给出这个文件。它已不存在，或超过 ${MEGABYTES} MB；如果需要，请再发一次。`,
    unavailable: (name) =>
      `⚠️ ${codeSpan(name)} 没能读取：多次尝试后 Telegram 仍没有给出。如果需要，请再发一次。`,
  },
  moreFilesMissing: (count) => `⚠️ 还有 ${count} 个文件没能读取。`,
  fileLost: (name) => `文件“${name}”已经不在存储里，无法发送。请再向我要一次。`,
  fileRefused: (name) => `Telegram 在这里没有接受文件“${name}”。用 /export 可以和其他文件一起得到它。`,
  tooLong: (limit) => `这条消息太长了：一次最多能读 ${limit.toLocaleString('en')} 个字符。`,
  sessionLost: '_找不到之前的对话，这里开始一个新的。_',
  repaired: (lostTurns) =>
    lostTurns === 0
      ? '_保存的对话有损坏，已经修复，没有消息丢失。_'
      : `_保存的对话有损坏：有 ${lostTurns} 条消息或其回答已丢失。_`,
  emptyAnswer: '完成。（没有需要说明的内容。）',
  place: (ahead) =>
    ahead === 0
      ? '你的消息排在队列的下一个。'
      : `你的消息正在排队：前面还有 ${ahead.toLocaleString('en')} 条。`,
  placeAbout: (ahead) =>
    ahead === 0
      ? '你的消息正在等待处理。'
      : `你的消息正在等待处理：前面大约还有 ${ahead.toLocaleString('en')} 条。`,
  answerAttached: '这里只是开头：完整的回答见附件 answer.md。',
  answerRefused: 'Telegram 在这里没有接受完整回答的文件。用 /export 可以和对话一起得到它。',
  answerCut: '_回答在这里被截断：它太长，无法发送。_',
  outsideTopic: (link) =>
    `以下内容属于${link === undefined ? '另一个话题' : `[另一个话题](${link})`}，那里现在不接受我的消息：`,
  answerKept: (where, why) =>
    `有一个回答没能送达 ${codeSpan(where)}：${codeSpan(why)}。它已保留：两天之内我会继续尝试，那里有人发消息时也会再试。`,
  stopped: (dropped) =>
    dropped === 0
      ? '在此之前提出的请求都已停止。'
      : `在此之前提出的请求都已停止，还在等待的 ${dropped} 条消息已取消。`,
  nothingRunning: '现在没有正在进行的回答。',
  notStopped: '暂时无法停止。请稍后再发一次 /stop。',
  stoppedHere: '⏹ _已停止。_',
  endless: '_这一轮花的时间超过了上限，到此为止。说“继续”可以接着做。_',
  outputLimit: '_这个回答达到了模型一次能写的上限，到此为止。说“继续”可以看其余部分。_',
  notSaved: '_这个回答没能保存：下一条消息可能不知道它。_',
  partialNotSaved:
    '_这个回答不完整：时间用完了，而已完成的部分没能保存。下一条消息可能不知道它；请再次询问其余部分。_',
  sentFilesLost: (count) => `_有 ${count} 个随附文件没能保存，已丢失。_`,
  compacted: '_这个对话变得很长，我已把较早的部分概括成摘要；其中的细节我可能不再全都知道。_',
  serversMissing: (servers) =>
    `_这些服务器没有响应，它们的工具暂时不能用：_${servers.map(codeSpan).join('、')}`,
  workspaceOverLimit: '_文件超出了大小上限：最大的那些没有保存，之后可能会丢失。请删除一些以腾出空间。_',
  filesLost: (count) =>
    `_有 ${count.toLocaleString('en')} 个保存过的文件没能恢复：它们在存储中缺失或已损坏。_`,
  fileListLost: '_这个对话保存过的文件没能恢复：文件清单在存储中缺失或已损坏。_',
  failed: (reason) => `我没能回答：${reason}。`,
  gaveUp: '这条消息试了几次都没能回答，已经放到一边；请稍后再发一次。',
  putOff: (reason) =>
    `暂时还不能回答：${reason}。你的消息已经保留，恢复后我会回答。发送 /stop 可以结束等待。`,
  stillThrottled:
    '还是不能回答：模型拒绝这个机器人的请求至少已有一刻钟，多半是配额（可能是当天的）已用完。你的消息已经保留，有了配额我就回答。发送 /stop 可以结束等待。',
  waitedInVain: (reason) => `等了大约一天，仍然没能回答：${reason}。这条消息已经放到一边；请稍后再发一次。`,
};

/** Everything the bot itself says, as Markdown. */
export const TEXTS: Record<Language, Texts> = { en: english, zh: chinese };

/** @returns the command menu for setMyCommands. */
export function commandMenu(language: Language): { command: Command; description: string }[] {
  return COMMANDS.map((command) => ({ command, description: TEXTS[language].commands[command] }));
}

/** @returns one more line of the status, or nothing when there is nothing to say. */
function line(title: string, figure: number | undefined): string {
  return figure === undefined ? '' : `\n**${title}** ${figure}`;
}

/** @returns a time as people read it. */
export function stamp(date: Date | undefined): string {
  return date === undefined ? '–' : `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
