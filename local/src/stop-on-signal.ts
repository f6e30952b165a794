const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Ctrl-C reaches this process from the terminal, from npm and from the launcher; a supervisor may signal all of them, too. In ms. */
const SAME_WISH_MS = 2_000;

/**
 * Stops in good order at the first signal. The same wish comes several times; whoever sends another signal after that does not want to wait.
 * @param stop is called once.
 */
export function stopOnSignal(stop: () => void): void {
  let since: number | undefined;
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (since === undefined) {
        since = performance.now();
        stop();
      } else if (performance.now() - since > SAME_WISH_MS) process.exit(1);
    });
  }
}
