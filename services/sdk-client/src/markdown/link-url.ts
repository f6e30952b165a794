/** Keeps one link far from the ~9.5 KB that all entities of a message may take together. */
const MAX_URL_LENGTH = 4096;

/** Only characters of RFC 3986 and a plain host: such a URL is sent as it was written. */
const PLAIN_URL = /^https?:\/\/[a-z\d.-]+(?::\d{1,5})?(?:[/?#][\w\-.~:/?#[\]@!$&'()*+,;=%]*)?$/i;

const DOTTED_HOST = /^[^.]+(?:\.[^.]+)+$/;
/** `http://1` is a dotted host to the URL parser, `0.0.0.1`, but not to Telegram. */
const DOT_AS_WRITTEN = /^https?:\/\/[^/?#\\]+\.[^/?#\\]/i;

/**
 * Telegram refuses a whole message for one `text_link` it dislikes: relative ones, other schemes than http(s), a host
 * without a dot (measured against TDLib 1.8.67). A user name in front of the host is not accepted here either: it serves
 * to disguise where a link leads.
 * @returns the URL to put into a `text_link`, or undefined when it must be shown as text
 */
export function linkUrl(url: string): string | undefined {
  if (!DOT_AS_WRITTEN.test(url) || !URL.canParse(url)) return undefined;
  const parsed = new URL(url);
  if (!DOTTED_HOST.test(parsed.hostname) || parsed.port === '0') return undefined;
  if (parsed.username !== '' || parsed.password !== '') return undefined;
  const accepted = PLAIN_URL.test(url) ? url : parsed.href;
  return accepted.length <= MAX_URL_LENGTH ? accepted : undefined;
}

/** @returns a URL for people to read; of embedded data only the kind is worth showing. */
export function readableUrl(url: string): string {
  return /^data:/i.test(url) ? url.replace(/,.*$/su, ',…') : url;
}
