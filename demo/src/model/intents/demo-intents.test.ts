import { expect, test } from 'vitest';
import { type Intent, languageOf, nameIn, readIntent } from './demo-intents.ts';

const write = (
  file: string,
  {
    content,
    thenList = false,
    thenSend = false,
  }: {
    readonly content: string;
    readonly thenList?: boolean | undefined;
    readonly thenSend?: boolean | undefined;
  },
): Intent => ({
  kind: 'write',
  file,
  content,
  thenList,
  thenSend,
});

const send = (...files: string[]): Intent => ({ kind: 'send', files });

const PHRASINGS: [string, Intent][] = [
  ['write a file notes.md that says hello', write('notes.md', { content: 'hello' })],
  [
    'Write a file notes.md that says hello, then list the files',
    write('notes.md', { content: 'hello', thenList: true }),
  ],
  [
    'please create notes.md with the content: milk, eggs and tea',
    write('notes.md', { content: 'milk, eggs and tea' }),
  ],
  [
    'create a file called todo.txt containing "buy milk" and list all files',
    write('todo.txt', { content: 'buy milk', thenList: true }),
  ],
  ['save "see you" to bye.txt', write('bye.txt', { content: 'see you' })],
  ['write hello world to a file named a/b.txt', write('a/b.txt', { content: 'hello world' })],
  ['make a file README with hello', write('notes.md', { content: 'hello' })],
  ['make a file called README', write('README', { content: '' })],
  ['write a file notes.md: line one\nline two', write('notes.md', { content: 'line one\nline two' })],
  ['写一个文件 todo.txt，内容是买牛奶', write('todo.txt', { content: '买牛奶' })],
  [
    '写一个文件todo.txt，内容是买牛奶，然后列出文件',
    write('todo.txt', { content: '买牛奶', thenList: true }),
  ],
  ['请新建文件「购物.md」，内容：牛奶、鸡蛋', write('购物.md', { content: '牛奶、鸡蛋' })],
  ['把“明天开会”写到 memo.txt', write('memo.txt', { content: '明天开会' })],
  ['创建一个叫做 plan.md 的文件，写上周一跑步', write('plan.md', { content: '周一跑步' })],
  ['写一个文件 me.txt，内容是我叫小明', write('me.txt', { content: '我叫小明' })],
  ['写一个内容为 hello 的文件 notes.md', write('notes.md', { content: 'hello' })],
  [
    '写一个内容为 hello 的文件 notes.md，然后列出文件',
    write('notes.md', { content: 'hello', thenList: true }),
  ],
  [
    '请帮我新建一个内容是“买 a.txt”的文件notes.md，然后发给我',
    write('notes.md', { content: '买 a.txt', thenSend: true }),
  ],
  ['创建内容为hello的todo.txt文件', write('todo.txt', { content: 'hello' })],
  ['写一个内容为 hello 的文件', write('notes.md', { content: 'hello' })],
  ['写一个里面写着你好的文件，叫 hi.txt', write('hi.txt', { content: '你好' })],
  ['写一个文件 a.md，内容是我的文件很多', write('a.md', { content: '我的文件很多' })],
  ['create a file containing hello world called b.md', write('b.md', { content: 'hello world' })],
  [
    'write a file that says see a.txt, name it c.md and list the files',
    write('c.md', { content: 'see a.txt', thenList: true }),
  ],
  ['write a file d.md that says a cat called Tom.', write('d.md', { content: 'a cat called Tom.' })],
  ['write a file plan.md with the text: what is my name?', write('plan.md', { content: 'what is my name?' })],
  [
    'write a file notes.md that says hello and send it to me',
    write('notes.md', { content: 'hello', thenSend: true }),
  ],
  [
    'create poem.txt with roses are red, then send me the file.',
    write('poem.txt', { content: 'roses are red', thenSend: true }),
  ],
  [
    'Write a file notes.md that says hello, then list the files and send it to me',
    write('notes.md', { content: 'hello', thenList: true, thenSend: true }),
  ],
  ['write a file and send it to me', write('notes.md', { content: '', thenSend: true })],
  ['make a file a.txt and send it back with the text: hi', write('a.txt', { content: 'hi', thenSend: true })],
  ['write a file me.txt that says send flowers', write('me.txt', { content: 'send flowers' })],
  ['send me a file called b.txt that says hi', write('b.txt', { content: 'hi', thenSend: true })],
  ['写一个文件 todo.txt，内容是买牛奶，然后发给我', write('todo.txt', { content: '买牛奶', thenSend: true })],
  ['写一个文件notes.md发给我', write('notes.md', { content: '', thenSend: true })],
  ['帮我写一个文件，并发给我', write('notes.md', { content: '', thenSend: true })],
  ['写一个文件 a.txt 发给我，内容是你好', write('a.txt', { content: '你好', thenSend: true })],
  [
    '写一个文件 a.txt，内容是你好，然后列出文件，再把它发给我',
    write('a.txt', { content: '你好', thenList: true, thenSend: true }),
  ],
  ['发给我一个文件，内容是你好', write('notes.md', { content: '你好', thenSend: true })],
  ['write a file "my notes.md" that says hello', write('my notes.md', { content: 'hello' })],
  ['send me "my notes.md"', send('my notes.md')],
  ['把「我的 笔记.md」发给我', send('我的 笔记.md')],
  ['send me notes.md', send('notes.md')],
  ['Can you send a.txt and b/c.csv?', send('a.txt', 'b/c.csv')],
  ['please give me notes.md', send('notes.md')],
  ['I would like you to send me notes.md', send('notes.md')],
  ['send it back', send()],
  ['could you send me the file', send()],
  ['把 notes.md 发给我', send('notes.md')],
  ['notes.md 发给我', send('notes.md')],
  ['发一下「购物.md」', send('购物.md')],
  ['把刚才写的文件发给我', send()],
  ['发回给我', send()],
  ['发回来吧', send()],
  ['send my regards', { kind: 'unknown' }],
  ['send me a story', { kind: 'story' }],
  ['list files', { kind: 'list' }],
  ['What files are there?', { kind: 'list' }],
  ['ls', { kind: 'list' }],
  ['列出文件', { kind: 'list' }],
  ['现在有哪些文件？', { kind: 'list' }],
  ['目录里有什么', { kind: 'list' }],
  ['read notes.md', { kind: 'read', file: 'notes.md' }],
  ["what's in notes.md?", { kind: 'read', file: 'notes.md' }],
  ['show me the file a/b-c.txt please', { kind: 'read', file: 'a/b-c.txt' }],
  ['读一下 todo.txt', { kind: 'read', file: 'todo.txt' }],
  ['todo.txt里有什么？', { kind: 'read', file: 'todo.txt' }],
  ['todo.txt 里写了什么', { kind: 'read', file: 'todo.txt' }],
  ['append buy eggs to todo.txt', { kind: 'append', file: 'todo.txt', line: 'buy eggs' }],
  ['add the line "the end" to the end of notes.md', { kind: 'append', file: 'notes.md', line: 'the end' }],
  ['在 todo.txt 后面加一行：买鸡蛋', { kind: 'append', file: 'todo.txt', line: '买鸡蛋' }],
  ['把买鸡蛋加到 todo.txt', { kind: 'append', file: 'todo.txt', line: '买鸡蛋' }],
  [
    'replace hello with goodbye in notes.md',
    { kind: 'replace', file: 'notes.md', from: 'hello', to: 'goodbye' },
  ],
  ['in notes.md, change "a" to "b"', { kind: 'replace', file: 'notes.md', from: 'a', to: 'b' }],
  ['把 todo.txt 里的牛奶改成豆浆', { kind: 'replace', file: 'todo.txt', from: '牛奶', to: '豆浆' }],
  ['search for milk in the files', { kind: 'search', wanted: 'milk' }],
  ['在文件里搜索牛奶', { kind: 'search', wanted: '牛奶' }],
  ['plan: a, b, c', { kind: 'plan', items: ['a', 'b', 'c'] }],
  [
    'Make a to-do list: buy milk, call Ann and water the plants',
    { kind: 'plan', items: ['buy milk', 'call Ann', 'water the plants'] },
  ],
  ['Tasks:\n- one\n- two', { kind: 'plan', items: ['one', 'two'] }],
  ['计划：买牛奶、给小安打电话、浇花', { kind: 'plan', items: ['买牛奶', '给小安打电话', '浇花'] }],
  ['task 2 is done', { kind: 'finish_task', taskId: '2' }],
  ['mark task #3 as done', { kind: 'finish_task', taskId: '3' }],
  ['任务 1 完成了', { kind: 'finish_task', taskId: '1' }],
  ['完成任务2', { kind: 'finish_task', taskId: '2' }],
  ['run `echo hi`', { kind: 'run', command: 'echo hi' }],
  ['run the command ls -la', { kind: 'run', command: 'ls -la' }],
  ['运行命令：echo 你好', { kind: 'run', command: 'echo 你好' }],
  ['my name is Ada', { kind: 'introduce', name: 'Ada' }],
  ['Hello! My name is Ada Lovelace, nice to meet you', { kind: 'introduce', name: 'Ada Lovelace' }],
  ['我叫小明', { kind: 'introduce', name: '小明' }],
  ['你好，我的名字是王小明。', { kind: 'introduce', name: '王小明' }],
  ["what's my name?", { kind: 'ask_name' }],
  ['do you remember my name?', { kind: 'ask_name' }],
  ['我叫什么？', { kind: 'ask_name' }],
  ['我的名字是什么', { kind: 'ask_name' }],
  ['你还记得我叫什么吗', { kind: 'ask_name' }],
  ['what did I say before?', { kind: 'recall' }],
  ['do you remember what we talked about?', { kind: 'recall' }],
  ['我刚才说了什么？', { kind: 'recall' }],
  ['你还记得吗', { kind: 'recall' }],
  ['show me formatting', { kind: 'showcase' }],
  ['展示一下格式', { kind: 'showcase' }],
  ['tell me a story', { kind: 'story' }],
  ['长一点', { kind: 'story' }],
  ['讲个故事', { kind: 'story' }],
  ['are you Claude?', { kind: 'who' }],
  ['你是谁', { kind: 'who' }],
  ['你是 Claude 吗？', { kind: 'who' }],
  ['hello', { kind: 'welcome' }],
  ['你好！', { kind: 'welcome' }],
  ['the weather is fine', { kind: 'unknown' }],
  ['今天天气不错', { kind: 'unknown' }],
  ['', { kind: 'unknown' }],
];

test.each(PHRASINGS)('understands %j', (words, intent) => {
  expect(readIntent(words)).toEqual(intent);
});

test('answers in Chinese as soon as the words hold a Chinese character, else in English', () => {
  expect(languageOf('写一个文件 notes.md')).toBe('zh');
  expect(languageOf('write notes.md')).toBe('en');
  expect(languageOf('')).toBe('en');
});

test('a question about the name gives no name', () => {
  expect(nameIn('what is my name?')).toBeUndefined();
  expect(nameIn('我叫什么')).toBeUndefined();
});

test('a message far longer than a command is not searched for one', () => {
  expect(readIntent(`run ${'x'.repeat(4_000)}`).kind).toBe('run');
  expect(readIntent(`run ${'x'.repeat(100_000)}`)).toEqual({ kind: 'unknown' });
});
