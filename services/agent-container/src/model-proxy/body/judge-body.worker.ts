// a thread of its own: a body → judged, written anew and hashed, while the server goes on
import { parentPort } from 'node:worker_threads';
import type { JudgeQuestion } from './judge-message.ts';
import { judgeQuestion } from './judge-question.ts';

parentPort?.on('message', (question: JudgeQuestion) => {
  const reply = judgeQuestion(question);
  parentPort?.postMessage(reply, reply.allow ? [reply.body.buffer] : []);
});
