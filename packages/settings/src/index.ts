export { ConfigError, readSettings } from './read-settings.ts';
