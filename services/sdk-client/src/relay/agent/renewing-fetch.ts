/**
 * @param renewToken reads the bearer token anew.
 * @returns a `fetch` that repeats a request whose bearer token is refused with 401, once, with a newer token if there is one.
 *   The body must be one that can be sent twice.
 */
export function renewingFetch(renewToken: () => Promise<string>): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    if (response.status !== 401) return response;
    const headers = new Headers(init?.headers);
    const authorization = `Bearer ${await renewToken()}`;
    if (authorization === headers.get('authorization')) return response;
    await response.body?.cancel();
    headers.set('authorization', authorization);
    return fetch(input, { ...init, headers });
  };
}
