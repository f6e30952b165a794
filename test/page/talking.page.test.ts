import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { botTexts, CHROMIUM, openChat, say, untilBotSays, useDesk } from './browser.fixture.ts';

describe.skipIf(CHROMIUM === undefined)('Talking to the agent on the page (needs Chromium)', () => {
  const desk = useDesk();

  it('a suggestion is sent by a click, and the answer shows the file that was written', async () => {
    const page = await desk.open();
    await openChat(page);
    await page.locator('.chip', { hasText: 'notes.md' }).click();
    await page.locator('.message.own', { hasText: 'Write a file notes.md' }).waitFor();
    await untilBotSays(page, /Files of this session:[\s\S]*notes\.md/);
  });

  it('an answer grows while it is written, in one message', async () => {
    const page = await desk.open();
    await openChat(page);
    await say(page, 'Tell me a long story');
    await untilBotSays(page, 'The lighthouse');
    const early = (await botTexts(page)).join('').length;
    await untilBotSays(page, /Nobody remembers by never stopping/);
    expect((await botTexts(page)).join('').length).toBeGreaterThan(early);
    await untilBotSays(page, 'a half.');
    // What fits into one message of Telegram is one message.
    const whole = await botTexts(page);
    expect(whole.filter((text) => text.includes('The lighthouse that kept count'))).toHaveLength(1);
  });

  it('marks become formatting, and nothing of a message becomes markup of the page', async () => {
    const page = await desk.open();
    await openChat(page);
    await say(page, 'Show me formatting');
    await untilBotSays(page, 'That was all of it.');
    const shown = page.locator('.message.other .text').last();
    expect(await shown.locator('pre').count()).toBeGreaterThan(0);
    expect(await shown.locator('a[href="https://core.telegram.org/bots/api"]').count()).toBe(1);
    await say(page, '<img src=x onerror="document.title=1"> <b>not bold</b>');
    await page.locator('.message.own', { hasText: 'not bold' }).waitFor();
    expect(await page.locator('.message.own .text img, .message.own .text b').count()).toBe(0);
  });

  it('a command is found by its first letters and answered', async () => {
    const page = await desk.open();
    await openChat(page);
    await page.locator('#text').pressSequentially('/st');
    await page.locator('#command-menu [role=option]', { hasText: '/status' }).waitFor();
    await page.locator('#command-menu [role=option]', { hasText: '/status' }).click();
    await page.locator('.message.own', { hasText: '/status' }).waitFor();
    await page.locator('.message.other').last().waitFor();
    expect((await botTexts(page)).at(-1)?.length).toBeGreaterThan(0);
  });

  it('a file that is attached reaches the agent, and one that it sends can be saved', async () => {
    const page = await desk.open();
    await openChat(page);
    await page
      .locator('#file-picker')
      .setInputFiles({ name: 'list.txt', mimeType: 'text/plain', buffer: Buffer.from('apples and pears') });
    await say(page, 'What is in it?');
    await untilBotSays(page, 'apples and pears');
    await say(page, 'send it back');
    const link = page.locator('.message.other a.document').last();
    await link.waitFor();
    const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
    expect(download.suggestedFilename()).toBe('list.txt');
    expect(await readFile(await download.path(), 'utf8')).toBe('apples and pears');
  });

  it('each topic of a group is a session of its own', async () => {
    const page = await desk.open();
    await page.locator('#list-new').click();
    await page.locator('dialog input[type=text]').fill('Workshop');
    await page.locator('#with-topics').check();
    await page.locator('dialog button[type=submit]').click();
    await page.locator('#list-title', { hasText: 'Workshop' }).waitFor();
    for (const topic of ['First', 'Second']) {
      await page.locator('#list-new').click();
      await page.locator('dialog input[type=text]').fill(topic);
      await page.locator('dialog button[type=submit]').click();
      await page.locator('#chat-title', { hasText: topic }).waitFor();
      await say(page, topic === 'First' ? 'My name is Ada' : 'What is my name?');
      await page.locator('.message.other .text').last().waitFor();
    }
    await untilBotSays(page, 'You have not told me your name');
    await page.locator('#chat-list a', { hasText: 'First' }).click();
    await page.locator('#chat-title', { hasText: 'First' }).waitFor();
    await say(page, 'What is my name?');
    await untilBotSays(page, 'Your name is Ada');
  });
});

it.skipIf(CHROMIUM !== undefined)(
  'NOT TESTED: no Chromium is installed (Debian: apt-get install chromium; or name one in CHROMIUM)',
  () => undefined,
);
