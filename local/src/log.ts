export interface Log {
  info(message: string): void;
  error(message: string, error: unknown): void;
}

/** One line for an event, and below an error its chain of causes. Goes to stderr: stdout is for the ready line. */
export const consoleLog: Log = {
  info: (message) => console.error(`${new Date().toISOString()} ${message}`),
  error: (message, error) =>
    console.error(`${new Date().toISOString()} ${message}\n  ${causes(error).join('\n  because: ')}`),
};

function causes(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
  return [`${error.message}${code}`, ...(error.cause === undefined ? [] : causes(error.cause))];
}
