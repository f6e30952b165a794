// the image's MCP servers → those that answer → a run; one that does not start is left out for a while, logged, and told of once a session
import type { Options, SDKMessage } from '@anthropic-ai/claude-agent-sdk';

type Servers = NonNullable<Options['mcpServers']>;
type Init = Extract<SDKMessage, { type: 'system'; subtype: 'init' }>;

/** So long a server that did not start is not waited for again. In ms. */
const LEFT_OUT_MS = 10 * 60 * 1000;
/** So many sessions are remembered to have been told of one server; a forgotten one is told again. */
const MAX_TOLD = 10_000;

interface Missing {
  readonly sinceMs: number;
  readonly told: Set<string>;
}

export interface McpServersOptions {
  /** Told of each server that did not start. */
  readonly onError?: (error: unknown) => void;
  /** A clock that nobody sets, in ms. */
  readonly monotonicNow?: () => number;
}

/** One for all runs of a process: each of them would wait for a mute server anew. */
export class McpServers {
  readonly #servers: Servers;
  readonly #onError: (error: unknown) => void;
  readonly #now: () => number;
  readonly #missing = new Map<string, Missing>();

  constructor(
    servers: Servers,
    { onError = () => undefined, monotonicNow = () => performance.now() }: McpServersOptions = {},
  ) {
    this.#servers = servers;
    this.#onError = onError;
    this.#now = monotonicNow;
  }

  /** @returns the servers that a run may wait for. */
  usable(): Servers {
    const isUsable = (name: string): boolean => {
      const missing = this.#missing.get(name);
      return missing === undefined || this.#now() - missing.sinceMs >= LEFT_OUT_MS;
    };
    return Object.fromEntries(Object.entries(this.#servers).filter(([name]) => isUsable(name)));
  }

  /** Notes which of the servers have started, as the CLI says when a run begins. Its other words on them are not believed. */
  note({ mcp_servers: statuses }: Pick<Init, 'mcp_servers'>): void {
    for (const { name, status } of statuses) {
      if (!Object.hasOwn(this.#servers, name)) continue;
      const known = this.#missing.get(name);
      if (status === 'connected') this.#missing.delete(name);
      else {
        this.#missing.set(name, { sinceMs: this.#now(), told: known?.told ?? new Set() });
        this.#onError(new Error(`The MCP server ${name} did not start (${status}): its tools are left out`));
      }
    }
  }

  /** @returns the servers that are missing and that the session's user has not been told of. */
  untold(sessionId: string): string[] {
    return [...this.#missing].filter(([, { told }]) => !told.has(sessionId)).map(([name]) => name);
  }

  /** The session's user learns that these are missing. */
  tell(sessionId: string, names: readonly string[]): void {
    for (const name of names) {
      const told = this.#missing.get(name)?.told;
      if (!told) continue;
      told.add(sessionId);
      const [oldest] = told;
      if (told.size > MAX_TOLD && oldest !== undefined) told.delete(oldest);
    }
  }
}
