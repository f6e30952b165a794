export { type LocalSystem, startLocal, type Timing } from './compose.ts';
export { parseLocalConfig, readQueueConfig } from './config.ts';
export { confineShell } from './confine-shell.ts';
export type { Log } from './log.ts';
export { type OpenQueue, openQueue } from './stores/open-queue.ts';
