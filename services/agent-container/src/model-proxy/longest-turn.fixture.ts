/**
 * Watches how much processor time one turn of the event loop takes at most. Time on the clock would also tell how busy the machine is.
 * @returns what ends the watch, and says the longest turn so far in milliseconds.
 */
export function watchTurns(): () => number {
  let longest = 0;
  const cpuMs = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  };
  let last = cpuMs();
  const look = (): void => {
    const now = cpuMs();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const watch = setInterval(look, 2);
  return () => {
    clearInterval(watch);
    look();
    return longest;
  };
}
