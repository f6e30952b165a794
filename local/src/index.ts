export { type LocalSystem, startLocal, type Tempo } from './compose.ts';
export { parseLocalConfig } from './config.ts';
export type { Log } from './log.ts';
