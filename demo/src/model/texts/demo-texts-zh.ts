import { SEND_TOOL } from '../demo-plan.ts';
import type { DemoTexts } from './demo-texts.ts';
import { bullets, codes, fenced, numbered, quoted } from './markdown-pieces.ts';

const TRY = bullets([
  '`写一个文件 todo.txt，内容是买牛奶，然后列出文件`',
  '`写一个文件 hello.txt，内容是你好，然后发给我`',
  '`计划：买牛奶、给小安打电话、浇花`',
  '`我叫小明`，过一会儿再问 `我叫什么？`',
  '`展示一下格式`',
  '`讲个故事`（比较长：可以在中途关掉程序，再重新启动）',
]);

const ABOUT: Partial<Record<string, (subject: string) => string>> = {
  Write: (file) => `正在写入 \`${file}\`。`,
  Read: (file) => `先看一下 \`${file}\`。`,
  Glob: () => '看一下有哪些文件。',
  Grep: (wanted) => `正在搜索 \`${wanted}\`。`,
  [SEND_TOOL]: (file) => `正在发送 \`${file}\`。`,
  TaskCreate: () => '正在建立任务清单。',
  Bash: (command) => `正在运行 \`${command}\`。`,
};

export const chineseTexts: DemoTexts = {
  about: (tool, subject) => ABOUT[tool]?.(subject) ?? '稍等。',
  wrote: (file, content) => `已写入 \`${file}\`：\n\n${fenced(content)}`,
  appended: (file, line) => `已在 \`${file}\` 末尾加上：\n\n${fenced(line)}`,
  replaced: (file, from, to) => `\`${file}\` 里的“${from}”已改成“${to}”。`,
  read: (file, text) =>
    text.trim() === '' ? `\`${file}\` 是空的。` : `\`${file}\` 的内容：\n\n${fenced(text)}`,
  listed: (files) =>
    files.length === 0
      ? '这里还没有文件。'
      : `这个会话里的文件：\n\n${bullets(files.map((file) => `\`${file}\``))}`,
  searched: (wanted, matches) => `搜索 \`${wanted}\` 的结果：\n\n${fenced(matches)}`,
  sentFiles: (files) => `已把 ${codes(files)} 发给你。`,
  cannotSend: (files) => `这个代理不能发送文件。文件在会话的工作区里：${codes(files)}。`,
  whichFile: '是哪个文件？请说出这个会话里的文件名，例如：`把 notes.md 发给我`。',
  attached: (name, { path, mediaType, size }) =>
    `收到了 \`${name}\`（${mediaType}，${size} 字节），存放在 \`${path}\`。`,
  firstLines: (excerpt) => (excerpt.trim() === '' ? '里面没有文字。' : `开头是：\n\n${fenced(excerpt)}`),
  cannotLook: (isImage) =>
    isImage
      ? '我只是演示模型，看不了图片；真正的模型可以。'
      : '我只是演示模型，读不了这种文件；真正的模型可以试试。',
  canSendBack: '说`发回给我`，我就把它发回来。',
  planned: (items) =>
    `任务清单如下，第一项已经开始：\n\n${numbered(items)}\n\n做完后告诉我：\`任务 1 完成了\`。`,
  finishedTask: (taskId) => `任务 ${taskId} 已标记为完成。`,
  ran: (command, output) => `\`${command}\` 的输出：\n\n${fenced(output || '（没有输出）')}`,
  toolFailed: (tool, message) => `没有成功。工具 ${tool} 返回的信息是：\n\n${fenced(message)}`,
  toolMissing: (tool) => `这需要工具 ${tool}，而这个代理没有它。`,
  shellOff: '命令行没有开启，所以我不能运行命令。启动代理时设置 `AGENT_SHELL=on` 即可开启。',
  introduced: (name) => `很高兴认识你，**${name}**。过一会儿问我你叫什么，这个会话会记得。`,
  name: (name) =>
    name === undefined
      ? '在这个会话里你还没有告诉我名字。可以说：`我叫……`。'
      : `你叫**${name}**，是你之前在这个会话里告诉我的。`,
  recalled: (earlier) =>
    earlier.length === 0
      ? '这是这个会话的第一条消息，还没有什么可以回忆的。'
      : `记得。在这之前你最近说的话（从早到晚）：\n\n${earlier.map(quoted).join('\n\n')}`,
  who: `我是这个程序自带的**演示模型**：只有几百行规则，背后没有语言模型，也不需要账号。但我周围的代理是真实的：工具、文件和会话，与其他模型用到的完全一样。\n\n可以试试：\n\n${TRY}`,
  welcome: `你好！我是**演示模型**，只认得少数几种说法，但工具、文件和记忆都是真实的。可以试试：\n\n${TRY}`,
  unknown: (words) =>
    `我是**演示模型**，只会按规则办事，没有听懂这句话：\n\n${quoted(words || '（没有文字）')}\n\n我会做这些：\n\n${TRY}`,
  defaultContent: '演示模型写下的一条笔记。',
  showcase: `# 标题

**粗体**、*斜体*、~~删除线~~、\`代码\`，还有[链接](https://core.telegram.org/bots/api)。

- 列表
- 有两项
  - 里面还有一项

1. 第一
2. 第二

> 一段引用，
> 分成两行。

| 工具 | 用途 |
| --- | --- |
| Write | 写文件 |
| Glob | 列出文件 |

\`\`\`python
def greet(name: str) -> str:
    return f"你好，{name}！1 < 2 & 3 > 2"
\`\`\`

就是这些。`,
  story: `**记数的灯塔**

海边最后一块礁石上，立着一座没有守塔人的灯塔。从前是有的，她叫阿宜。每有一条船经过，她就在本子上记一笔：几点，挂什么旗，天气怎样。后来她年纪大了，搬回村里去住，本子就摊开在桌上。灯塔看她记了四十年，便自己接着记了下去。

灯塔没有手，只好用光来数。渔船闪一下短的，货轮闪两下，帆船闪一下长的。每天傍晚，村里的孩子坐在堤上，把灯光一下一下念出来；阿宜坐在窗边的椅子上，一笔一笔写进本子。这么多年，本子里没有缺过一天。

有一年冬天来了一场大风暴，打断了堤，打断了码头，也打断了通往礁石的电缆。灯正闪到一半，忽然灭了。孩子们一直等到半夜。阿宜在本子上画了一个问号，那是头一个问号。

第二天早晨，修理工小段带着新的保险丝划船过去。他是个细心的年轻人，大家都告诉他：机器一停，什么都会忘。于是他把本子抄了一份，揣在大衣里，打算从最后完整的那一行重新数起。他换好保险丝，合上电闸，把那一页举到镜头前，自己也觉得有点傻。

灯慢慢亮了起来。它静了一会儿，大约是读完一页的工夫。接着，它闪了半下，正好是昨晚缺掉的那半下。然后是夜里谁也没有看见的那些船：一条货轮在岛后面避风，两条渔船赶着进港，还有一片帆，在很远的地方，走得很慢，自己没有灯。

小段的手指冻得发僵，还是一一记了下来。那片帆让他放心不下。他去问港长，港长去问海岸警卫队。中午的时候，船找到了：桅杆断了，船上三个人，很疲倦，都活着。

他把那一页带给阿宜。阿宜看着那半下闪光，看了很久，然后划掉了问号，在旁边一笔一画地写：“二十一点十四分中断。已接上。”

“它怎么会知道呢？”小段问，“它明明灭了。”

“它是灭了，”阿宜说，“可它在灭掉之前，已经把一切都记了下来；你又把本子带给了它。记得，不是从来不停，而是停了以后，还能找到原来的地方。”

小段想了想，从此多了一个习惯：每次修完一样东西，都要在旁边留一张纸条，写清楚修到哪一步，下一步该做什么。起初别人笑他，后来镇上的木匠、电工、面包师也都学着这样做。有一天面包师病了，他的徒弟照着纸条，把发了一半的面接着揉完，那天早上全镇的人照样吃到了热面包，没有人知道中间换过人。

春天，新的堤修好了，比旧的高一尺。孩子们长大了一些，又来了更小的孩子。阿宜的眼睛不如从前了，就由他们轮流来写。字有大有小，有的歪歪扭扭，但是一天也没有少。本子写满了一册，就换一册，旧的放在村里图书室的架子上，谁都可以翻看。

灯塔现在还在数。傍晚你要是坐在新修的堤上，就能读出来：短，短，长。有时候，风暴过后，还会有半下。`,
};
