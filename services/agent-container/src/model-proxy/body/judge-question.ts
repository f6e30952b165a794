import { createHash } from 'node:crypto';
import { judgeBody } from './judge-body.ts';
import type { JudgeQuestion, JudgeReply } from './judge-message.ts';

/** Judges a body, writes it anew and hashes it; which models are allowed is asked elsewhere. */
export function judgeQuestion({ call, body, protocol, isWebSearchOn }: JudgeQuestion): JudgeReply {
  let model: string | undefined;
  const named = (id: string): boolean => {
    model = id;
    return true;
  };
  const judged = judgeBody(call, Buffer.from(body.buffer), { protocol, isWebSearchOn, allows: named });
  if (!judged.allow) return judged;
  const sha256 = createHash('sha256').update(judged.body).digest('hex');
  return { allow: true, body: ownBuffer(judged.body), sha256, estimate: judged.estimate, model };
}

/** What is handed to another thread must not share its memory with anything else: Node cuts small buffers from a common one. */
function ownBuffer(bytes: Buffer): Uint8Array<ArrayBuffer> {
  const { buffer, byteLength } = bytes;
  const isOwn = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  return isOwn ? new Uint8Array(buffer) : new Uint8Array(bytes);
}
