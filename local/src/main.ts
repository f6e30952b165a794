import { sqliteAdvice } from '@omnicloud/storage';
import { ConfigError, endOnUnknownState, readEnvFile } from '@omnicloud/settings';
import { startLocal } from './compose.ts';
import { isStartedByNpm, parseLocalConfig } from './config.ts';
import { DataFolderError, lockDataFolder } from './stores/lock-data-folder.ts';
import { consoleLog } from './log.ts';
import { readPassedSettings } from './passed-config.ts';
import { stopOnSignal } from './stop-on-signal.ts';

const PARENT_WATCH_MS = 500;

/** Ends the process with one clear message when the mistake is the user's, with everything when it is ours. */
function fail(error: unknown): never {
  if (error instanceof ConfigError || error instanceof DataFolderError) console.error(error.message);
  else console.error(sqliteAdvice(error) ?? adviceFor(error) ?? error);
  process.exit(1);
}

/** What the system says of a folder that is not for us. */
const FOLDER_REFUSED = /^(EACCES|EPERM|EROFS|ENOTDIR|EEXIST)$/;

/** @returns undefined when it is none of the machine's own mistakes. */
function adviceFor(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code = '', syscall, path, message }: NodeJS.ErrnoException = error;
  if (code === 'EADDRINUSE') {
    return `The port is in use by another program; set PORT to another one. (${message})`;
  }
  if (code === 'EACCES' && syscall === 'listen') {
    return `The port is kept for the system; set PORT to one above 1023. (${message})`;
  }
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return `The disk is full. Free some space on it and start again; nothing is lost. (${message})`;
  }
  if (path !== undefined && FOLDER_REFUSED.test(code)) {
    return `A folder cannot be used; set DATA_DIR to one that belongs to you. (${message})`;
  }
  return undefined;
}

/**
 * Ends this process when its launcher has been killed. Otherwise it would go on unseen and keep the port. The launcher watches npm.
 * A server that was started without the launcher is not ended: its user may want it to outlive the terminal.
 */
function stopWithParent(stop: () => void): void {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    stop();
  }, PARENT_WATCH_MS);
  watch.unref();
}

const isLaunched = readPassedSettings();
const envFile = readEnvFile();
try {
  const config = parseLocalConfig(undefined, envFile);
  for (const notice of config.notices) console.error(notice);
  const lock = lockDataFolder(config.dataDir, (error) =>
    consoleLog.error('The note in the data folder', error),
  );
  const system = await startLocal(config, consoleLog);
  lock.note(system.url);
  const stop = (): void => {
    system.close().then(() => {
      lock.release();
      process.exit(0);
    }, fail);
  };
  endOnUnknownState({ log: console.error, end: () => system.close() });
  stopOnSignal(stop);
  if (isLaunched || isStartedByNpm()) stopWithParent(stop);
  console.log(`ready ${system.url} — ${system.about}`);
} catch (error) {
  fail(error);
}
