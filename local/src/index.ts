export { type LocalSystem, startLocal, type Tempo } from './compose.ts';
export { type EnvFile, parseLocalConfig, readEnvFile, readQueueConfig } from './config.ts';
export type { Log } from './log.ts';
export { type OpenQueue, openQueue } from './stores/open-queue.ts';
