import type { ServerResponse } from 'node:http';

const CHECKS = 4;

/**
 * Cuts a response of which nothing was taken for so long, although there was something to take: what is written for a reader that does
 * not read would stay for ever.
 * @returns what ends the watch.
 */
export function cutWhenUnread(response: ServerResponse, afterMs: number): () => void {
  let taken = -1;
  let unchanged = 0;
  const watch = setInterval(() => {
    const { socket } = response;
    if (!socket) return;
    const before = taken;
    taken = socket.bytesWritten - socket.writableLength;
    const isWaiting = socket.writableLength > 0 || response.writableNeedDrain;
    unchanged = isWaiting && taken === before ? unchanged + 1 : 0;
    if (unchanged >= CHECKS) response.destroy();
  }, afterMs / CHECKS);
  watch.unref();
  return () => clearInterval(watch);
}
