export { checkNames, type NameReport } from './check-names.ts';
export { endOnUnknownState, type LastResort } from './end-on-unknown-state.ts';
export { type EnvFile, readEnvFile } from './read-env-file.ts';
export { ConfigError, readParts, readSettings } from './read-settings.ts';
export { carriedSettings, DEFAULT_TURN_BUDGET_USD, SETTINGS, unusedOnAws } from './registry.ts';
export {
  authTokenSetting,
  hostSetting,
  maxContinuationsSetting,
  maxParallelTurnsSetting,
  portSetting,
} from './shared-settings.ts';
