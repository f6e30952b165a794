export { checkNames, type NameReport } from './check-names.ts';
export { ConfigError, readSettings } from './read-settings.ts';
export { carriedSettings, DEFAULT_TURN_BUDGET_USD, SETTINGS, unusedOnAws } from './registry.ts';
