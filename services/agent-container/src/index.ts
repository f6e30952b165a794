export { type AgentConfig, type ModelAccess, parseAgentConfig } from './config.ts';
export type { AgentError } from './errors.ts';
export { readAgentImage } from './run/agent-image.ts';
export { ClaudeRuntime } from './run/claude-runtime.ts';
export { type AppDeps, createApp } from './serve/app.ts';
export { DirectorySessionStore } from './session/directory-session-store.ts';
