// a call to the Bot API server → its answer in the Bot API's own form, also when something else answered in its place

/** What stands in for the server, and answers with a page that it calls a success, is a gateway that failed. */
const BAD_GATEWAY = 502;

/** `fetch` for the Bot API; see `botApiAnswer`. */
export async function fetchFromBotApi(url: string | URL | Request, init?: RequestInit): Promise<Response> {
  return botApiAnswer(await fetch(url, init));
}

/**
 * A failing server, or a proxy before it, may answer with a page. grammY reads every answer as JSON and takes a page for a connection that
 * failed. So a page becomes an error in the Bot API's own form, with its HTTP status.
 * https://core.telegram.org/bots/api#making-requests
 */
export async function botApiAnswer(response: Response): Promise<Response> {
  const type = response.headers.get('content-type') ?? '';
  if (/\bjson\b/.test(type) || (response.ok && !type.startsWith('text/html'))) return response;
  await response.body?.cancel();
  const reason = response.statusText === '' ? 'no reason given' : response.statusText;
  return Response.json({
    ok: false,
    error_code: response.ok ? BAD_GATEWAY : response.status,
    description: response.ok ? 'a page instead of an answer' : reason,
  });
}
