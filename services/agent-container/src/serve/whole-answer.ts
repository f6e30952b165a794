import type { RunEvent, RunResponse, SentFile, WireError } from '@omnicloud/protocol';
import { AgentError } from '../errors.ts';

/**
 * @returns the events as one body. A run that failed was reported where it failed, so its error is a value here.
 * @throws AgentError `internal` when the events end without a terminal one.
 */
export async function wholeAnswer(
  events: AsyncIterable<RunEvent>,
): Promise<RunResponse | { error: WireError }> {
  let response = '';
  const files: SentFile[] = [];
  for await (const event of events) {
    if (event.type === 'answer') response = event.text;
    if (event.type === 'file') {
      const { type, ...file } = event;
      files.push(file);
    }
    if (event.type === 'failed') return { error: event.error };
    if (event.type === 'finished' || event.type === 'paused') {
      const { type, ...result } = event;
      const sent = files.length === 0 ? {} : { files };
      return { response, is_stopped: false, is_paused: type === 'paused', ...result, ...sent };
    }
  }
  throw new AgentError('internal', 'The run ended without a result');
}
