// `npm run screenshots`: the page of `npm start` in Chromium → docs/images, which the README shows
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContextOptions, chromium } from 'playwright-core';
import { startLocal } from '@omnicloud/local/internal/compose.ts';
import { parseLocalConfig } from '@omnicloud/local/internal/config.ts';
import { consoleLog } from '@omnicloud/local/internal/log.ts';
import { CHROMIUM, openChat, say, untilBotSays } from './browser.fixture.ts';

const IMAGES = join(import.meta.dirname, '..', '..', 'docs', 'images');
const SCREENS: Readonly<Record<string, BrowserContextOptions>> = {
  'page-desktop': { viewport: { width: 1120, height: 720 }, locale: 'en-GB' },
  'page-phone': { viewport: { width: 390, height: 720 }, locale: 'en-GB', isMobile: true, hasTouch: true },
};

/** Small enough for a repository, and text stays sharp. In percent. */
const QUALITY = 78;

if (CHROMIUM === undefined) throw new Error('Chromium is not installed');
const dataDir = await mkdtemp(join(tmpdir(), 'omnicloud-screenshots-'));
const config = parseLocalConfig({ PATH: process.env.PATH, PORT: '0', DATA_DIR: dataDir });
const system = await startLocal(config, consoleLog, { wordDelayMs: 1 });
const browser = await chromium.launch({
  executablePath: CHROMIUM,
  // As root, Chromium has no sandbox; it opens nothing here but our own page.
  chromiumSandbox: process.getuid?.() !== 0,
  args: ['--disable-gpu', '--disable-dev-shm-usage', '--font-render-hinting=none'],
});
try {
  await mkdir(IMAGES, { recursive: true });
  let isFirst = true;
  for (const [name, options] of Object.entries(SCREENS)) {
    const page = await (await browser.newContext(options)).newPage();
    await page.goto(system.url);
    await page.locator('#chat-list a').first().waitFor({ state: 'attached' });
    await openChat(page);
    if (isFirst) {
      await say(page, 'Plan: buy milk, call Ann, water the plants');
      await untilBotSays(page, 'water the plants');
      await say(page, 'Write a file hello.txt that says hi, and send it to me');
      await page.locator('.message.other .document, .message.other .file').first().waitFor();
    }
    isFirst = false;
    await untilBotSays(page, 'hello.txt');
    await writeFile(join(IMAGES, `${name}.jpg`), await page.screenshot({ type: 'jpeg', quality: QUALITY }));
  }
} finally {
  await browser.close();
  await system.close();
  await rm(dataDir, { recursive: true, force: true });
}
