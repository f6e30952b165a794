import type { CallPayload } from './call-payload.ts';

/** Stands for `GET /file/bot<token>/<file_path>`, whose payload is `{ file_path }`. */
export const DOWNLOAD = 'downloadFile';

/** One call of the bot, as it arrived. */
export interface BotApiCall {
  /** In its usual spelling (`sendMessage`); as sent when there is no such method; {@link DOWNLOAD} for the download of a file. */
  method: string;
  payload: CallPayload;
  at: Date;
}

/**
 * What goes wrong with a call instead of its answer:
 * - an answer of one's own; the call has no effect. A `body` that is no string is sent as JSON.
 * - `drop`: the connection is cut before the call has an effect;
 * - `lost_answer`: the connection is cut after it.
 */
export type BotApiFault =
  { status: number; body: unknown; headers?: Record<string, string> } | 'drop' | 'lost_answer';
