import { type Command, COMMANDS } from '@omnicloud/protocol';

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
  stranger: (id: string) => string;
  notText: string;
  tooLong: (limit: number) => string;
  sessionLost: string;
  repaired: (lostTurns: number) => string;
  emptyAnswer: string;
  stopped: string;
  stoppedHere: string;
  notSaved: string;
  endless: string;
  failed: (reason: string) => string;
  gaveUp: string;
}

const english: Texts = {
  commands: {
    start: 'What this bot does',
    help: 'Commands and tips',
    new: 'Start a new conversation',
    stop: 'Stop what is being answered',
    status: 'Show this conversation',
  },
  welcome:
    'Hello! I am a Claude agent. Write to me, and I answer, also with files in a workspace of my own.\n\n' +
    'Each chat and each topic is a conversation of its own, and it does not get lost. /help says more.',
  help:
    '**Commands**\n' +
    '/new – start a new conversation (the old one is kept)\n' +
    '/stop – stop what is being answered\n' +
    '/status – show this conversation\n' +
    '/help – this text\n\n' +
    'Write as you would to a colleague. In a group with topics, every topic is a conversation of its own.',
  newSession: 'A new conversation begins here.',
  status: ({ sessionId, lastUsed, waiting }) =>
    sessionId === undefined
      ? 'There is no conversation here yet; your next message starts one.'
      : `**Session** \`${sessionId}\`\n**Last answer** ${stamp(lastUsed)}${line('Waiting messages', waiting)}`,
  stranger: (id) =>
    `You are not on this bot's list. Your Telegram id is \`${id}\`; its owner can add it to \`ALLOWED_USERS\`.`,
  notText: 'I can read text only. Please write what you need.',
  tooLong: (limit) =>
    `That message is too long: at most ${limit.toLocaleString('en')} characters can be read at once.`,
  sessionLost: '_The earlier conversation could not be found, so this is a new one._',
  repaired: (lostTurns) =>
    lostTurns === 0
      ? '_The stored conversation was damaged and has been repaired; no message is lost._'
      : lostTurns === 1
        ? '_The stored conversation was damaged: the last message and its answer are lost._'
        : `_The stored conversation was damaged: the last ${lostTurns} messages and their answers are lost._`,
  emptyAnswer: 'Done. (There was nothing to say.)',
  stopped: 'Everything you asked before this is stopped.',
  stoppedHere: '⏹ _Stopped._',
  endless: '_This took longer than one turn may, so it was ended here. Say “go on” to continue._',
  notSaved: '_This answer could not be saved: the next message may not know of it._',
  failed: (reason) => `I could not answer: ${reason}.`,
  gaveUp:
    'I could not answer this message after several tries. It was put aside; please send it again later.',
};

const chinese: Texts = {
  commands: {
    start: '这个机器人能做什么',
    help: '命令与提示',
    new: '开始新对话',
    stop: '停止正在进行的回答',
    status: '查看当前对话',
  },
  welcome:
    '你好！我是一个 Claude 智能体。给我发消息，我会回答，也能在自己的工作区里读写文件。\n\n' +
    '每个聊天、每个话题都是独立的对话，不会丢失。更多说明见 /help。',
  help:
    '**命令**\n' +
    '/new – 开始新对话（旧对话会保留）\n' +
    '/stop – 停止正在进行的回答\n' +
    '/status – 查看当前对话\n' +
    '/help – 显示本说明\n\n' +
    '像和同事说话一样写就行。在有话题的群组里，每个话题都是独立的对话。',
  newSession: '新的对话从这里开始。',
  status: ({ sessionId, lastUsed, waiting }) =>
    sessionId === undefined
      ? '这里还没有对话；你的下一条消息会开始一个。'
      : `**会话** \`${sessionId}\`\n**上次回答** ${stamp(lastUsed)}${line('等待中的消息', waiting)}`,
  stranger: (id) =>
    `你不在这个机器人的名单里。你的 Telegram id 是 \`${id}\`；机器人的主人可以把它加入 \`ALLOWED_USERS\`。`,
  notText: '我目前只能读文字，请把需要写下来。',
  tooLong: (limit) => `这条消息太长了：一次最多能读 ${limit.toLocaleString('en')} 个字符。`,
  sessionLost: '_找不到之前的对话，这里开始一个新的。_',
  repaired: (lostTurns) =>
    lostTurns === 0
      ? '_保存的对话有损坏，已经修复，没有消息丢失。_'
      : `_保存的对话有损坏：最后 ${lostTurns} 条消息及其回答已丢失。_`,
  emptyAnswer: '完成。（没有需要说明的内容。）',
  stopped: '在此之前提出的请求都已停止。',
  stoppedHere: '⏹ _已停止。_',
  endless: '_这一轮花的时间超过了上限，到此为止。说“继续”可以接着做。_',
  notSaved: '_这个回答没能保存：下一条消息可能不知道它。_',
  failed: (reason) => `我没能回答：${reason}。`,
  gaveUp: '这条消息试了几次都没能回答，已经放到一边；请稍后再发一次。',
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

function stamp(date: Date | undefined): string {
  return date === undefined ? '–' : `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
