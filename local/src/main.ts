import { ConfigError } from '@omnicloud/settings';
import { startLocal } from './compose.ts';
import { isStartedByNpm, parseLocalConfig, readEnvFile } from './config.ts';
import { consoleLog } from './log.ts';
import { readPassedSettings } from './passed-config.ts';

const PARENT_WATCH_MS = 500;

/** Ends the process with one clear message when the mistake is the user's, with everything when it is ours. */
function fail(error: unknown): never {
  if (error instanceof ConfigError) console.error(error.message);
  else if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    console.error(`The port is in use by another program; set PORT to another one. (${error.message})`);
  } else console.error(error);
  process.exit(1);
}

/**
 * When npm or the launcher is killed, this process would go on unseen and keep the port; so it ends with its parent.
 * Only under npm: whoever starts it by hand may well leave it behind on purpose.
 */
function stopWithParent(stop: () => void): void {
  if (!isStartedByNpm()) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    stop();
  }, PARENT_WATCH_MS);
  watch.unref();
}

readPassedSettings();
readEnvFile();
try {
  const system = await startLocal(parseLocalConfig(), consoleLog);
  const stop = (): void => {
    system.close().then(() => process.exit(0), fail);
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  stopWithParent(stop);
  console.log(`ready ${system.url}`);
} catch (error) {
  fail(error);
}
