import type { Attachment } from '../attachments.ts';

/** Everything that the demo model says, in one language, as Markdown. */
export interface DemoTexts {
  /** Said before the first call of the named tool. */
  readonly about: (tool: string, subject: string) => string;
  readonly wrote: (file: string, content: string) => string;
  readonly appended: (file: string, line: string) => string;
  readonly replaced: (file: string, from: string, to: string) => string;
  readonly read: (file: string, text: string) => string;
  readonly listed: (files: readonly string[]) => string;
  readonly searched: (wanted: string, matches: string) => string;
  readonly sentFiles: (files: readonly string[]) => string;
  readonly cannotSend: (files: readonly string[]) => string;
  readonly whichFile: string;
  readonly attached: (name: string, file: Attachment) => string;
  /** An empty excerpt means an empty file. */
  readonly firstLines: (excerpt: string) => string;
  readonly cannotLook: (isImage: boolean) => string;
  readonly canSendBack: string;
  readonly planned: (items: readonly string[]) => string;
  readonly finishedTask: (taskId: string) => string;
  readonly ran: (command: string, output: string) => string;
  readonly toolFailed: (tool: string, message: string) => string;
  readonly toolMissing: (tool: string) => string;
  readonly shellOff: string;
  readonly introduced: (name: string) => string;
  readonly name: (name: string | undefined) => string;
  readonly recalled: (earlier: readonly string[]) => string;
  readonly who: string;
  readonly welcome: string;
  readonly unknown: (words: string) => string;
  readonly showcase: string;
  /** Long enough that its streaming takes seconds. */
  readonly story: string;
  /** Written into a file that was asked for without any content. */
  readonly defaultContent: string;
}
