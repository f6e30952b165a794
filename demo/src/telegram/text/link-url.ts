const APP_SCHEME = /^(?:tg|ton):(?:\/\/)?/i;
const APP_HOST = /^[a-z0-9_-]+(?=$|[/?#])/i;
const WEB_SCHEME = /^https?:\/\//i;
const OTHER_SCHEME = /^[^/?#@]*:\/\//;
/** Optional user, host (or IPv6 in brackets), optional port, then the rest. */
const AUTHORITY = /^(?:[^/?#@]*@)?(\[[0-9a-f:.]+\]|[^/?#:@]*)(?::(\d*))?(?=$|[/?#])/i;
const DOTTED = /[^.]\.[^.]/;
const HOST = /^[\p{L}\p{N}_.~!$&'()*+,;=%-]+$/u;

/**
 * Telegram's rule for the URL of a `text_link` entity: http(s) with a dotted host, the scheme optional, or an app link.
 * A refused URL fails the whole message. Rule and reasons: `LinkManager::check_link` of TDLib.
 * @returns why the URL is refused, or undefined.
 */
export function linkUrlProblem(url: string): string | undefined {
  const appScheme = APP_SCHEME.exec(url);
  if (appScheme) {
    return APP_HOST.test(url.slice(appScheme[0].length)) ? undefined : 'Unallowed characters in URL host';
  }
  const rest = url.replace(WEB_SCHEME, '');
  if (rest === url && OTHER_SCHEME.test(url)) return 'Unsupported URL protocol';
  // `mailto:a@b.c` passes, as it does there: everything before the @ counts as the user of a scheme-less http URL.
  const authority = AUTHORITY.exec(rest);
  const host = authority?.[1] ?? '';
  if (host.startsWith('[')) return undefined;
  if (host === '') return 'URL host is empty';
  if (authority?.[2] === '') return 'Wrong port number specified in the URL';
  if (!HOST.test(host)) return 'Wrong URL host';
  return DOTTED.test(host) ? undefined : 'Wrong HTTP URL';
}
