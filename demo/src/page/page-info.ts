/** What the page tells its reader about the program behind it. */
export interface PageInfo {
  /** Which model answers; `demo` is the scripted one that needs no account. */
  model: { kind: 'demo' | 'bedrock' | 'anthropic'; name: string };
  /** Whether the agent may run shell commands on this machine. */
  shell: boolean;
  /** The version in package.json. */
  version: string;
}
