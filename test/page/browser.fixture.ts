// Debian's Chromium → the page of `npm start` in it, with the demo model → what a person does there
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { type LocalSystem, startLocal } from '@omnicloud/local/internal/compose.ts';
import { parseLocalConfig } from '@omnicloud/local/internal/config.ts';

/** Where packages of distributions put the browser; `CHROMIUM` names another one. */
const PLACES = [process.env.CHROMIUM ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser'];

/** The browser's program; undefined where none is installed, and the suite says so. */
export const CHROMIUM = PLACES.find((path) => path !== '' && isProgram(path));

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not there, or not ours to run: the next place is tried.
    return false;
  }
}

/** Slow enough that a person could press a key in between, fast enough for a test. */
const WORD_DELAY_MS = 15;

export interface Desk {
  readonly url: string;
  /** Opens the page as a new person's browser would, and waits until its chats are shown. */
  open(options?: BrowserContextOptions): Promise<Page>;
  /** Opens another tab beside one. */
  openBeside(page: Page): Promise<Page>;
  /** Ends the server, as Ctrl+C does. */
  stop(): Promise<void>;
  /** Starts the server again with the same data, on the same port. */
  restart(): Promise<void>;
}

/** Registers the set-up and tear-down for every test of the file. A page that reports an error of its own fails its test. */
export function useDesk(): Desk {
  let browser: Browser | undefined;
  let system: LocalSystem | undefined;
  let dataDir = '';
  let url = '';
  const complaints: string[] = [];
  const start = async (port: string): Promise<void> => {
    const config = parseLocalConfig({ PATH: process.env.PATH, PORT: port, DATA_DIR: dataDir });
    system = await startLocal(config, SILENT, { wordDelayMs: WORD_DELAY_MS });
    url = system.url;
  };
  const listen = (page: Page): void => {
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      // A request that failed because the test took the server away is what the test is about.
      const isNetwork =
        message.text().includes('Failed to load resource') || message.text().includes('net::');
      if (message.type() === 'error' && !isNetwork) complaints.push(message.text());
    });
  };
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: CHROMIUM ?? '',
      // As root, Chromium has no sandbox; it opens nothing here but our own page.
      chromiumSandbox: process.getuid?.() !== 0,
      args: ['--disable-gpu', '--disable-dev-shm-usage'],
    });
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'omnicloud-page-'));
    complaints.length = 0;
    await start('0');
  });
  afterEach(async () => {
    for (const context of browser?.contexts() ?? []) await context.close();
    await system?.close();
    await rm(dataDir, { recursive: true, force: true });
    expect(complaints).toEqual([]);
  });
  return {
    get url() {
      return url;
    },
    open: async (options = {}) => {
      if (!browser) throw new Error('The browser did not start');
      const context = await browser.newContext({
        viewport: { width: 1280, height: 800 },
        locale: 'en-GB',
        ...options,
      });
      const page = await context.newPage();
      listen(page);
      await page.goto(url);
      await page.locator('#chat-list a').first().waitFor({ state: 'attached' });
      return page;
    },
    openBeside: async (page) => {
      const other = await page.context().newPage();
      listen(other);
      await other.goto(page.url());
      await other.locator('#chat-list a').first().waitFor({ state: 'attached' });
      return other;
    },
    stop: async () => {
      await system?.close();
      system = undefined;
    },
    restart: () => start(new URL(url).port),
  };
}

const SILENT = { info: () => undefined, error: () => undefined };

/** Opens the private chat with the bot. */
export async function openChat(page: Page): Promise<void> {
  await page.locator('#chat-list a').first().click();
  await page.locator('#text').waitFor();
}

/** Writes into the message field and sends it by Enter. */
export async function say(page: Page, text: string): Promise<void> {
  await page.locator('#text').fill(text);
  await page.locator('#text').press('Enter');
}

/** @returns the texts of the bot's messages on screen, oldest first. */
export function botTexts(page: Page): Promise<string[]> {
  return page.locator('.message.other .text').allInnerTexts();
}

/** Waits until the bot's latest message shows a text. */
export async function untilBotSays(page: Page, text: string | RegExp): Promise<void> {
  await page.locator('.message.other', { hasText: text }).last().waitFor();
}
