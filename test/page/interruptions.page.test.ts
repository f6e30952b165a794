import { describe, expect, it } from 'vitest';
import { botTexts, CHROMIUM, openChat, say, untilBotSays, useDesk } from './browser.fixture.ts';

describe.skipIf(CHROMIUM === undefined)('What a page survives (needs Chromium)', () => {
  const desk = useDesk();

  it('a reload in the middle of an answer shows what was said, and then the rest, once', async () => {
    const page = await desk.open();
    await openChat(page);
    await say(page, 'Tell me a long story');
    await untilBotSays(page, 'The lighthouse');
    await page.reload();
    await untilBotSays(page, 'The lighthouse');
    await untilBotSays(page, 'a half.');
    const whole = (await botTexts(page)).join('\n');
    expect(whole.split('The lighthouse that kept count')).toHaveLength(2);
    expect(await page.locator('.message.own', { hasText: 'Tell me a long story' }).count()).toBe(1);
  });

  it('two tabs show the same conversation', async () => {
    const page = await desk.open();
    await openChat(page);
    const other = await desk.openBeside(page);
    await say(page, 'My name is Ada');
    await other.locator('.message.own', { hasText: 'My name is Ada' }).waitFor();
    await untilBotSays(other, 'Nice to meet you');
    await say(other, 'What is my name?');
    await untilBotSays(page, 'Your name is Ada');
    expect(await botTexts(page)).toEqual(await botTexts(other));
  });

  it('what is written while the browser is offline is kept, and sent once when it is back', async () => {
    const page = await desk.open();
    await openChat(page);
    await page.context().setOffline(true);
    await say(page, 'My name is Ada');
    await page.locator('[data-outgoing] .failure').waitFor();
    await page.context().setOffline(false);
    await untilBotSays(page, 'Nice to meet you');
    expect(await page.locator('.message.own', { hasText: 'My name is Ada' }).count()).toBe(1);
    expect(await page.locator('[data-outgoing]').count()).toBe(0);
  });

  it('a server that stops in the middle of an answer and starts again goes on with the conversation', async () => {
    const page = await desk.open();
    await openChat(page);
    await say(page, 'My name is Ada');
    await untilBotSays(page, 'Nice to meet you');
    await say(page, 'Tell me a long story');
    // An edit shows that the message itself was confirmed: one that was not would have to be sent again.
    await untilBotSays(page, /a woman named Ines[\s\S]*the weather/);
    await desk.stop();
    await page.locator('#offline:not([hidden])').waitFor();
    await say(page, 'What is my name?');
    await desk.restart();
    await untilBotSays(page, 'a half.');
    await untilBotSays(page, 'Your name is Ada');
    await page.locator('#offline').waitFor({ state: 'hidden' });
    const whole = (await botTexts(page)).join('\n');
    expect(whole.split('The lighthouse that kept count')).toHaveLength(2);
  });
});
