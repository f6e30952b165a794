// what the server and the thread that judges bodies say to each other
import type { CallEstimate } from '../calls/counted-call.ts';
import type { BodyRules } from './judge-body.ts';
import type { SentCall } from '../calls/model-call.ts';

/** One body to be judged; which models are allowed is not the thread's to say. */
export interface JudgeQuestion extends Omit<BodyRules, 'allows'> {
  readonly call: SentCall;
  readonly body: Uint8Array<ArrayBuffer>;
}

export type JudgeReply =
  | {
      readonly allow: true;
      /** Written anew. */
      readonly body: Uint8Array<ArrayBuffer>;
      /** Of the body, in hexadecimal. */
      readonly sha256: string;
      readonly estimate: CallEstimate;
      /** Which the body names; nothing where the path does. */
      readonly model: string | undefined;
    }
  | { readonly allow: false; readonly reason: string };
