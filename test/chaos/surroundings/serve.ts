import { listen } from '@omnicloud/local/internal/listen.ts';

export interface Served {
  readonly url: string;
  close(): Promise<void>;
}

/** Answers requests on a free port of 127.0.0.1. */
export async function serve(
  handler: (request: Request, ...rest: unknown[]) => Response | Promise<Response>,
): Promise<Served> {
  const listener = await listen('127.0.0.1', 0);
  listener.serve(handler);
  return { url: `http://127.0.0.1:${listener.port}`, close: () => listener.close() };
}
