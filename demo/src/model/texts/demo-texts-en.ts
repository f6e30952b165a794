import { SEND_TOOL } from '../demo-plan.ts';
import type { DemoTexts } from './demo-texts.ts';
import { bullets, codes, fenced, numbered, quoted } from './markdown-pieces.ts';

const TRY = bullets([
  '`write a file notes.md that says hello, then list the files`',
  '`write a file hello.txt that says hi, and send it to me`',
  '`plan: buy milk, call Ann, water the plants`',
  '`my name is Ada`, and later `what is my name?`',
  '`show me formatting`',
  '`tell me a story` (long: stop the program in the middle and start it again)',
]);

const ABOUT: Partial<Record<string, (subject: string) => string>> = {
  Write: (file) => `Writing \`${file}\`.`,
  Read: (file) => `Looking into \`${file}\`.`,
  Glob: () => 'Looking at the files.',
  Grep: (wanted) => `Searching for \`${wanted}\`.`,
  [SEND_TOOL]: (file) => `Sending \`${file}\`.`,
  TaskCreate: () => 'Making a task list.',
  Bash: (command) => `Running \`${command}\`.`,
};

export const englishTexts: DemoTexts = {
  about: (tool, subject) => ABOUT[tool]?.(subject) ?? 'One moment.',
  wrote: (file, content) => `I wrote \`${file}\`:\n\n${fenced(content)}`,
  appended: (file, line) => `I added this to the end of \`${file}\`:\n\n${fenced(line)}`,
  replaced: (file, from, to) => `In \`${file}\`, “${from}” is now “${to}”.`,
  read: (file, text) =>
    text.trim() === '' ? `\`${file}\` is empty.` : `\`${file}\` holds:\n\n${fenced(text)}`,
  listed: (files) =>
    files.length === 0
      ? 'There are no files here yet.'
      : `Files of this session:\n\n${bullets(files.map((file) => `\`${file}\``))}`,
  searched: (wanted, matches) => `This is what a search for \`${wanted}\` gave:\n\n${fenced(matches)}`,
  sentFiles: (files) => `I sent you ${codes(files)}.`,
  cannotSend: (files) =>
    `This agent has no way to send files. In the session's workspace, look for ${codes(files)}.`,
  whichFile: 'Which file? Name one of this session: `send me notes.md`.',
  attached: (name, { path, mediaType, size }) =>
    `\`${name}\` has arrived (${mediaType}, ${size} bytes); it lies at \`${path}\`.`,
  firstLines: (excerpt) =>
    excerpt.trim() === '' ? 'There is no text in it.' : `It begins so:\n\n${fenced(excerpt)}`,
  cannotLook: (isImage) =>
    isImage
      ? 'I am a demo and cannot look at pictures; a real model can.'
      : 'I am a demo and cannot look into such a file; a real model can try.',
  canSendBack: 'Say `send it back` to get it again.',
  planned: (items) =>
    `Your task list, with the first task begun:\n\n${numbered(items)}\n\nSay \`task 1 is done\` when it is.`,
  finishedTask: (taskId) => `Task ${taskId} is marked as done.`,
  ran: (command, output) => `\`${command}\` printed:\n\n${fenced(output || '(nothing)')}`,
  toolFailed: (tool, message) => `That did not work. The tool ${tool} said:\n\n${fenced(message)}`,
  toolMissing: (tool) => `I would need the tool ${tool} for that, and this agent does not have it.`,
  shellOff:
    'The shell is off, so I cannot run commands. Start the agent with `AGENT_SHELL=on` to turn it on.',
  introduced: (name) =>
    `Nice to meet you, **${name}**. Ask me later what your name is: this session will still know.`,
  name: (name) =>
    name === undefined
      ? 'You have not told me your name in this session. Say `my name is …`.'
      : `Your name is **${name}**: you told me earlier in this session.`,
  recalled: (earlier) =>
    earlier.length === 0
      ? 'This is the first message of this session, so there is nothing to remember yet.'
      : `Yes. Your latest messages before this one, oldest first:\n\n${earlier.map(quoted).join('\n\n')}`,
  who: `I am the **demo model** of this program: a few hundred lines of rules, no language model and no account behind them. The agent around me is real: the tools, the files and the session are what any other model would get.\n\nTry:\n\n${TRY}`,
  welcome: `Hello! I am the **demo model**. I understand only a few phrases, but the agent around me is real: its tools, its files and its memory. Try:\n\n${TRY}`,
  unknown: (words) =>
    `I am the **demo model**: I follow a few rules and did not understand this:\n\n${quoted(words || '(no text)')}\n\nThese I can do:\n\n${TRY}`,
  defaultContent: 'A note by the demo model.',
  showcase: `# A heading

**Bold**, *italic*, ~~struck out~~, \`code\` and [a link](https://core.telegram.org/bots/api).

- a list
- with two items
  - and one inside

1. first
2. second

> A quotation,
> over two lines.

| Tool | What it does |
| --- | --- |
| Write | writes a file |
| Glob | lists files |

\`\`\`python
def greet(name: str) -> str:
    return f"Hello, {name}! 1 < 2 & 3 > 2"
\`\`\`

That was all of it.`,
  story: `**The lighthouse that kept count**

On the last rock before the open sea stood a lighthouse with no keeper. It had had one once, a woman named Ines, who wrote every passing ship into a book: the hour, the flag, the weather. When she grew old and moved to the village, she left the book open on the table, and the lighthouse, which had watched her do it for forty years, went on alone.

It had no hands, so it counted with light. One short flash for a fishing boat, two for a freighter, a long one for a sail. Every evening the village children sat on the wall and read the flashes aloud, and Ines, in her chair by the window, wrote them down. In this way the book was never missing a day.

One winter a storm came that broke the wall, the pier and the cable to the rock. The lamp went dark in the middle of a flash. The children waited until midnight, and Ines wrote a question mark, the first in all those years.

In the morning the mechanic, a careful young man called Teo, rowed out with a new fuse. He had been told what everybody believed: that a machine which stops forgets. So he carried a copy of the book under his coat, meaning to start the count again from the last full line. He changed the fuse, pulled the switch, and held up the page to the lens, feeling a little foolish.

The lamp warmed. It was quiet for as long as it takes to read a page. Then it gave half a flash: exactly the half that had been missing. After it came the ships of the night, which nobody had seen: a freighter that had waited out the wind behind the island, two boats running for the harbour, and one sail, far out, very slow, with no light of its own.

Teo wrote it all down, his fingers stiff with cold. The sail bothered him, and he asked the harbour master, who asked the coast guard, who found it by noon: a small boat without a mast, three people aboard, tired and alive.

When he brought the page to Ines, she looked at the half flash for a long time. Then she crossed out her question mark and wrote in its place, in her square hand: “Interrupted at 21:14. Resumed.”

“How could it know?” Teo asked. “It was off.”

“It was off,” she said, “but it had written everything down before it went dark, and you brought it the book. Nobody remembers by never stopping. One remembers by finding the place again.”

The lighthouse still counts. If you sit on the new wall in the evening you can read it: short, short, long. And sometimes, after a storm, a half.`,
};
