import { COMMANDS, wireErrorSchema } from '@omnicloud/protocol';
import { describe, expect, it } from 'vitest';
import { FAILURE_REASONS } from './failure-reasons.ts';
import { renderMarkdown } from '../markdown/render-markdown.ts';
import { splitMessage } from '../markdown/split-message.ts';
import { commandMenu, type Language, languageOf, TEXTS } from './texts.ts';

const LANGUAGES: Language[] = ['en', 'zh'];
const ERROR_CODES = wireErrorSchema.shape.code.options;
const FIGURES = { sessionId: 'the-session', lastUsed: new Date(Date.UTC(2026, 0, 2, 3, 4)), waiting: 3 };

/** @returns everything the bot may say in a language, by name. */
function sentencesOf(language: Language): Record<string, string> {
  const {
    commands,
    status,
    stranger,
    tooLong,
    repaired,
    failed,
    files,
    moreFiles,
    filesLost,
    sentFilesLost,
    place,
    placeAbout,
    putOff,
    waitedInVain,
    ...others
  } = TEXTS[language];
  const { archive, archiveTooLarge, fileTooLarge, fileMissing, fileLost, fileRefused, ...rest } = others;
  const { moreFilesMissing, outsideTopic, answerKept, serversMissing, stopped, ...plain } = rest;
  const reasons = ERROR_CODES.flatMap((code) => {
    const reason = FAILURE_REASONS[language][code];
    return [
      [`failed: ${code}`, failed(reason)],
      [`put off: ${code}`, putOff(reason)],
      [`waited in vain: ${code}`, waitedInVain(reason)],
    ];
  });
  return {
    ...plain,
    ...Object.fromEntries(Object.entries(commands).map(([name, text]) => [`/${name}`, text])),
    ...(Object.fromEntries(reasons) as Record<string, string>),
    status: status(FIGURES),
    statusOfNothing: status({ sessionId: undefined, lastUsed: undefined, waiting: 0 }),
    files: files(3, '1.2 MB'),
    oneFile: files(1, '7 B'),
    moreFiles: moreFiles(1_900),
    place: place(3),
    placeAbout: placeAbout(3),
    placeNext: place(0),
    filesLost: filesLost(2),
    oneFileLost: filesLost(1),
    sentFilesLost: sentFilesLost(2),
    oneSentFileLost: sentFilesLost(1),
    exported: archive.export,
    debugged: archive.debug,
    archiveTooLarge: archiveTooLarge(50),
    fileTooLarge: fileTooLarge(20),
    fileRefusedToUs: fileMissing.refused('a.pdf'),
    fileUnavailable: fileMissing.unavailable('a.pdf'),
    fileOfTooManyBytes: fileMissing.too_large('a.pdf'),
    stopped: stopped(0),
    stoppedOne: stopped(1),
    stoppedSome: stopped(8),
    serversMissing: serversMissing(['mute', 'gone']),
    outsideTopic: outsideTopic(undefined),
    outsideLinkedTopic: outsideTopic('https://t.me/c/1/2/3'),
    answerKept: answerKept('Team', 'Telegram answered'),
    moreFilesMissing: moreFilesMissing(2),
    oneMoreFileMissing: moreFilesMissing(1),
    fileLost: fileLost('a.pdf'),
    fileRefused: fileRefused('a.pdf'),
    stranger: stranger('7123456789'),
    tooLong: tooLong(200_000),
    repaired: repaired(2),
    repairedWithOneLost: repaired(1),
    repairedWithNoneLost: repaired(0),
  };
}

describe('the language', () => {
  it.each(['zh', 'zh-hans', 'zh-Hant-TW', 'ZH-CN'])('is Chinese for %s', (code) => {
    expect(languageOf(code)).toBe('zh');
  });

  it.each([undefined, '', 'en', 'en-GB', 'de', 'x-zh'])('is English for %s', (code) => {
    expect(languageOf(code)).toBe('en');
  });
});

describe.each(LANGUAGES)('in %s', (language) => {
  const sentences = Object.entries(sentencesOf(language));

  it.each(sentences)('%s fits into one message', (_name, markdown) => {
    expect(splitMessage(renderMarkdown(markdown))).toHaveLength(1);
    expect(markdown).not.toMatch(/undefined|\[object/);
  });

  it('the command menu has every command, within the limits of setMyCommands', () => {
    const menu = commandMenu(language);
    expect(menu.map(({ command }) => command)).toEqual([...COMMANDS]);
    for (const { command, description } of menu) {
      expect(command).toMatch(/^[a-z0-9_]{1,32}$/);
      expect(description).toMatch(/^.{1,256}$/u);
    }
  });

  it('the help names every command that is worth one', () => {
    for (const command of ['/new', '/status', '/files', '/export', '/debug', '/help'])
      expect(TEXTS[language].help).toContain(command);
  });

  it('the status shows session, last use and what is waiting', () => {
    const { text } = renderMarkdown(TEXTS[language].status(FIGURES));
    expect(text).toContain('the-session');
    expect(text).toContain('2026-01-02 03:04 UTC');
    expect(text).toMatch(/ 3$/);
  });

  it('the status says nothing of waiting messages when that is not known', () => {
    const known = TEXTS[language].status(FIGURES).split('\n');
    expect(TEXTS[language].status({ ...FIGURES, waiting: undefined }).split('\n')).toEqual(
      known.slice(0, -1),
    );
  });
});

it('both languages say the same things, each in its own words', () => {
  const english = sentencesOf('en');
  const chinese = sentencesOf('zh');
  expect(Object.keys(chinese)).toEqual(Object.keys(english));
  for (const [name, sentence] of Object.entries(chinese)) {
    expect(sentence).toMatch(/\p{Script=Han}/u);
    expect(english[name]).not.toMatch(/\p{Script=Han}/u);
  }
});
