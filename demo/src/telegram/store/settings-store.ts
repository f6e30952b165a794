import type { BotCommand, User } from 'grammy/types';
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';

/** Where updates are posted, and the secret that goes with each. */
export interface Webhook {
  url: string;
  secret?: string;
}

interface Settings {
  /** The person who uses the page. */
  person: User;
  webhook: Webhook | null;
  next_update_id: number;
  /** The update types the bot wants; null means Telegram's default. */
  allowed_updates: string[] | null;
}

const settingRow = z.object({ value: z.string() });
const commandsRow = z.object({ commands: z.string() });

/** Single values and the bot's command lists. */
export class SettingsStore {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  get<Name extends keyof Settings>(name: Name): Settings[Name] | undefined {
    const row = this.#database.prepare('SELECT value FROM settings WHERE name = ?').get(name);
    return row && (JSON.parse(settingRow.parse(row).value) as Settings[Name]);
  }

  set<Name extends keyof Settings>(name: Name, value: Settings[Name]): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)')
      .run(name, JSON.stringify(value));
  }

  /** @returns the list set for exactly this scope and language, or undefined. */
  commands(scope: string, languageCode: string): BotCommand[] | undefined {
    const row = this.#database
      .prepare('SELECT commands FROM commands WHERE scope = ? AND language_code = ?')
      .get(scope, languageCode);
    return row && (JSON.parse(commandsRow.parse(row).commands) as BotCommand[]);
  }

  setCommands(scope: string, languageCode: string, commands: readonly BotCommand[]): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO commands (scope, language_code, commands) VALUES (?, ?, ?)')
      .run(scope, languageCode, JSON.stringify(commands));
  }

  deleteCommands(scope: string, languageCode: string): void {
    this.#database
      .prepare('DELETE FROM commands WHERE scope = ? AND language_code = ?')
      .run(scope, languageCode);
  }
}
