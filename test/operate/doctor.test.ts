import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  callBot,
  openForTest,
  serveForTest,
  TOKEN,
} from '@omnicloud/demo/internal/telegram/stand-in.fixture.ts';
import { startModel } from './edges.fixture.ts';
import { newOperator, type Ran } from './run-operate.fixture.ts';

/** What the doctor says on a machine with these settings and no others. */
async function examine(settings: Record<string, string>, ...args: string[]): Promise<Ran> {
  const operator = await newOperator({});
  const lines = Object.entries(settings).map(([name, value]) => `${name}='${value}'\n`);
  await writeFile(join(operator.directory, '.env'), lines.join(''));
  return operator.run('doctor', ...args);
}

describe('npm run doctor', () => {
  it('finds nothing wrong where nothing is set', async () => {
    const { code, stdout } = await examine({});
    expect(stdout).toMatch(/✓ Node 24.*\n✓ Claude CLI \d+\.\d+\.\d+/);
    expect(stdout).not.toContain('✗');
    expect(code).toBe(0);
  });

  it('names wrong settings without their values, and exits with 1', async () => {
    const { code, stdout } = await examine({ PORT: 'harbour', TELEGRAM_BOT_TOKEN: 'oops' }, '--json');
    expect(code).toBe(1);
    const findings = JSON.parse(stdout) as { state: string; what: string; cure?: string }[];
    const wrong = findings.filter(({ state }) => state === 'wrong');
    expect(wrong.map(({ what }) => what.split(' ')[0]).sort()).toEqual([
      'ALLOWED_USERS',
      'PORT',
      'TELEGRAM_BOT_TOKEN',
    ]);
    expect(wrong.every(({ cure }) => cure?.includes('.env'))).toBe(true);
    expect(stdout).not.toMatch(/harbour|oops/);
  });

  it('names mistyped settings of .env', async () => {
    const { code, stdout } = await examine({ TELEGRM_BOT_TOKEN: TOKEN });
    expect([code, stdout]).toEqual([
      1,
      expect.stringMatching(/✗ TELEGRM_BOT_TOKEN in \.env is not a setting; did you mean TELEGRAM_BOT_TOKEN/),
    ]);
    expect(stdout).not.toContain(TOKEN);
  });

  it('a data folder that cannot be written is said', async () => {
    const { code, stdout } = await examine({ DATA_DIR: '/dev/null/data' });
    expect([code, stdout]).toEqual([
      1,
      expect.stringMatching(/✗ .*data cannot be written.*\n {2}→ Set DATA_DIR/),
    ]);
  });

  it('a bot whose webhook is set somewhere, and which is to be polled here, is a conflict', async () => {
    const standIn = openForTest();
    const apiRoot = await serveForTest(standIn.app);
    const settings = { TELEGRAM_BOT_TOKEN: TOKEN, ALLOWED_USERS: '1', TELEGRAM_API_ROOT: apiRoot };
    const before = await examine(settings);
    expect([before.code, before.stdout]).toEqual([
      0,
      expect.stringContaining('✓ No webhook is set, so updates can be polled'),
    ]);
    await callBot(standIn, 'setWebhook', { url: 'https://aws.example.org/webhook' });
    const { code, stdout } = await examine(settings);
    expect([code, stdout]).toEqual([
      1,
      expect.stringContaining('webhook is https://aws.example.org/webhook: whoever runs there answers'),
    ]);
    const refused = await examine({ ...settings, TELEGRAM_BOT_TOKEN: '1:unknown' });
    expect([refused.code, refused.stdout]).toEqual([
      1,
      expect.stringMatching(/✗ The bot: Telegram does not know the bot token\n {2}→ .*BotFather/),
    ]);
  });

  it('asks the model only when it is told to, for one token', async () => {
    const model = await startModel(200);
    const settings = { ANTHROPIC_API_KEY: 'key', ANTHROPIC_BASE_URL: model.url };
    expect((await examine(settings)).stdout).toContain('ℹ The model was not asked');
    expect(model.asked).toEqual([]);
    const { code, stdout } = await examine(settings, '--model');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/✓ The model answers: claude-\S*sonnet/)]);
    expect(model.asked.map(({ body }) => JSON.parse(body) as object)).toMatchObject([{ max_tokens: 1 }]);
  });

  it('says what the model says when it refuses', async () => {
    const { url } = await startModel(403);
    const settings = { CLAUDE_CODE_USE_BEDROCK: '1', ANTHROPIC_BEDROCK_BASE_URL: url };
    const { code, stdout } = await examine(settings, '--model');
    expect([code, stdout]).toEqual([
      1,
      expect.stringMatching(
        /✗ The model us\.anthropic\.\S+sonnet\S+ does not answer: 403.*\n {2}→ Let the account use us\.anthropic/,
      ),
    ]);
  });
});
