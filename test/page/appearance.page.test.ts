import axe, { type AxeResults } from 'axe-core';
import { devices, type Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { CHROMIUM, openChat, say, untilBotSays, useDesk } from './browser.fixture.ts';

/** Without the name of another browser, which Playwright's list has for it. */
const { defaultBrowserType: _webkit, ...PHONE } = devices['iPhone 13'];

/** @returns what axe finds wrong on the page as it is now, a line each. */
async function findings(page: Page): Promise<string[]> {
  // An isolated world is not bound by the page's policy, which forbids every script but its own.
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send('Page.getFrameTree');
  const { executionContextId: contextId } = await session.send('Page.createIsolatedWorld', {
    frameId: frameTree.frame.id,
  });
  await session.send('Runtime.evaluate', { contextId, expression: axe.source });
  const { result } = await session.send('Runtime.evaluate', {
    contextId,
    expression: 'axe.run(document).then((results) => JSON.stringify(results))',
    awaitPromise: true,
    returnByValue: true,
  });
  const { violations } = JSON.parse(String(result.value)) as AxeResults;
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
}

/** @returns how bright the page's background is, from 0 to 1. */
async function brightness(page: Page): Promise<number> {
  const colour = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
  const [red = 0, green = 0, blue = 0] = [...colour.matchAll(/[\d.]+/g)].map(([digits]) => Number(digits));
  const scale = colour.startsWith('rgb') ? 255 : 1;
  return (red + green + blue) / 3 / scale;
}

/** @returns the id of what has the focus; `link` for a row of the list. */
function focused(page: Page): Promise<string> {
  return page.evaluate<string>(
    `document.activeElement?.matches('#chat-list a') ? 'link' : (document.activeElement?.id ?? '')`,
  );
}

describe.skipIf(CHROMIUM === undefined)('How the page looks and is used (needs Chromium)', () => {
  const desk = useDesk();

  it('at the width of a phone it shows the list or the chat, and the way back', async () => {
    const page = await desk.open(PHONE);
    expect(await page.locator('#chat-list').isVisible()).toBe(true);
    expect(await page.locator('#text').isVisible()).toBe(false);
    await page.locator('#chat-list a').first().tap();
    await page.locator('#text').waitFor();
    expect(await page.locator('#chat-list').isVisible()).toBe(false);
    await say(page, 'Show me formatting');
    await untilBotSays(page, 'That was all of it.');
    const [inner, content] = await page.evaluate<[number, number]>(
      '[innerWidth, document.documentElement.scrollWidth]',
    );
    expect(content).toBeLessThanOrEqual(inner);
    expect(await findings(page)).toEqual([]);
    await page.locator('#chat-back').tap();
    expect(await page.locator('#chat-list').isVisible()).toBe(true);
    expect(await findings(page)).toEqual([]);
  });

  it.each([
    ['en-GB', 'en', 'Message', 'Write a file notes.md'],
    ['zh-CN', 'zh-Hans', '消息', '写一个'],
  ])('speaks the language of the browser: %s', async (locale, lang, field, suggestion) => {
    const page = await desk.open({ locale });
    await openChat(page);
    expect(await page.locator('#text').getAttribute('placeholder')).toContain(field);
    expect(await page.locator('html').getAttribute('lang')).toBe(lang);
    await page.locator('.chip', { hasText: suggestion }).first().click();
    await page
      .locator('.message.other .text', { hasText: /notes\.md/ })
      .last()
      .waitFor();
  });

  it('another language is chosen in the menu and stays chosen', async () => {
    const page = await desk.open();
    await page.locator('#menu-button').click();
    await page.locator('#menu input[name=language][value=zh]').check({ force: true });
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-Hans');
    await page.reload();
    await page.locator('#chat-list a').first().waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-Hans');
  });

  it('is dark where the system is dark, or where the reader wants it', async () => {
    const [light, dark] = [
      await desk.open({ colorScheme: 'light' }),
      await desk.open({ colorScheme: 'dark' }),
    ];
    expect(await brightness(light)).toBeGreaterThan(0.6);
    expect(await brightness(dark)).toBeLessThan(0.4);
    await light.locator('#menu-button').click();
    await light.locator('#menu input[name=theme][value=dark]').check({ force: true });
    expect(await brightness(light)).toBeLessThan(0.4);
  });

  it('can be used by the keyboard alone', async () => {
    const page = await desk.open();
    await page.locator('#text').waitFor();
    for (let presses = 0; (await focused(page)) !== 'link'; presses += 1) {
      expect(presses).toBeLessThan(10);
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Enter');
    await expect.poll(() => focused(page)).toBe('text');
    await page.keyboard.type('/st');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('My name is Ada');
    await page.keyboard.press('Enter');
    await untilBotSays(page, 'Nice to meet you');
    await page.locator('#chat-menu-button').focus();
    await page.keyboard.press('Enter');
    await page.locator('#chat-menu').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('#chat-menu').waitFor({ state: 'hidden' });
    expect(await focused(page)).toBe('chat-menu-button');
  });

  it.each(['light', 'dark'] as const)('has no finding of axe: %s', async (colorScheme) => {
    const page = await desk.open({ colorScheme });
    expect(await findings(page)).toEqual([]);
    await openChat(page);
    expect(await findings(page)).toEqual([]);
    await say(page, 'Show me formatting');
    await untilBotSays(page, 'That was all of it.');
    expect(await findings(page)).toEqual([]);
    await page.locator('#menu-button').click();
    expect(await findings(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.locator('#list-new').click();
    await page.locator('dialog').waitFor();
    expect(await findings(page)).toEqual([]);
  });
});
