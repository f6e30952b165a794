export { type AgentConfig, parseAgentConfig } from './config.ts';
export { type ContainerConfig, parseAgentEnvironment } from './container-config.ts';
export type { AgentError } from './errors.ts';
export { NodeSha256 } from './model-proxy/credentials/node-sha256.ts';
export { type ModelConfig, modelSchema } from './model-config.ts';
export { startModelProxy } from './model-proxy/start-model-proxy.ts';
export type { AgentLog } from './agent-log.ts';
export type { AgentStores } from './agent-stores.ts';
export { type AgentServer, openAgentServer } from './open-agent-server.ts';
export { readAgentImage } from './run/agent-image.ts';
export { prepareWork, type WorkPlace } from './prepare-work.ts';
export { type RunConfig, runSchema } from './run-config.ts';
export { chooseIsolation } from './run/isolation/choose-isolation.ts';
export type { Isolation } from './run/isolation/isolation.ts';
export type { ServerBindings } from './serve/turn/run-limit.ts';
export { isHolderGone } from './session/lease/lease-holder.ts';
export type { SessionLeases } from './session/lease/session-lease.ts';
export type { SessionStore } from './session/store/session-store.ts';
export {
  DirectorySessionStore,
  type DirectorySessionStoreOptions,
} from './session/store/directory-session-store.ts';
export {
  SqliteSessionLeases,
  type SqliteSessionLeasesOptions,
} from './session/lease/sqlite-session-leases.ts';
export {
  DynamoSessionLeases,
  type DynamoSessionLeasesOptions,
} from './session/lease/dynamo-session-leases.ts';
export { S3SessionStore, type S3SessionStoreOptions } from './session/store/s3-session-store.ts';
