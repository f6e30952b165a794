const ALLOWED_PROTOCOLS = new Set(['http:', 'https:', 'tg:', 'mailto:']);

/** A scheme, as opposed to a host with a port ("localhost:3000") or with a dot ("example.com:80/a"). */
const SCHEME = /^[a-z][a-z0-9+-]*:(?!\d)/i;

/**
 * @returns where a link of a message may lead, or undefined when its scheme is not one a chat should open (`javascript:`,
 * `data:`, `file:` …). An address without a scheme, as people write it, is taken as https.
 */
export function safeLink(address: string): string | undefined {
  const trimmed = address.trim();
  const candidate = SCHEME.test(trimmed) ? trimmed : `https://${trimmed}`;
  const url = URL.parse(candidate);
  return url && ALLOWED_PROTOCOLS.has(url.protocol) ? url.href : undefined;
}
