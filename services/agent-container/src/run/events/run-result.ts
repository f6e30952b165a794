import type { SDKResultMessage } from '@anthropic-ai/claude-agent-sdk';
import type { RunSummary } from '../agent-runtime.ts';

/** An interrupt ends the turn as an error of its own kind; the transcript is whole. */
export function wasInterrupted(result: SDKResultMessage): boolean {
  return result.terminal_reason === 'aborted_streaming' || result.terminal_reason === 'aborted_tools';
}

/** @param costBefore what the session had cost before this run, in US dollars: the CLI's figure is cumulative. */
export function summaryOf(
  result: SDKResultMessage,
  costBefore: number,
): Omit<RunSummary, 'isStopped' | 'isCut'> {
  const { usage } = result;
  return {
    usage: {
      input_tokens: usage.input_tokens,
      output_tokens: usage.output_tokens,
      cache_read_input_tokens: usage.cache_read_input_tokens,
      cache_creation_input_tokens: usage.cache_creation_input_tokens,
    },
    costUsd: Math.max(0, result.total_cost_usd - costBefore),
    turns: result.num_turns,
  };
}
