/** https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader */
const TRACE_HEADER = 'x-amzn-trace-id';

/**
 * @param currentTrace what is asked for at each request, because it changes with each turn.
 * @returns a `fetch` whose requests belong to the trace of the turn, so that one trace leads through both tiers.
 */
export function tracedFetch(inner: typeof fetch, currentTrace: () => string | undefined): typeof fetch {
  return (input, init) => {
    const trace = currentTrace();
    if (trace === undefined) return inner(input, init);
    const headers = new Headers(init?.headers);
    headers.set(TRACE_HEADER, trace);
    return inner(input, { ...init, headers });
  };
}
