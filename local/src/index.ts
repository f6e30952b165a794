export { type LocalSystem, startLocal, type Tempo } from './compose.ts';
export { parseLocalConfig, readDataDir, readEnvFile } from './config.ts';
export type { Log } from './log.ts';
