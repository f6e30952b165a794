/** Short enough that a number still fits into what a file system takes (255), also after another program has added to it. In bytes. */
const MAX_NAME_BYTES = 150;
const MAX_EXTENSION_BYTES = 20;
/** Separators, quotes and what a shell or Windows reads otherwise; control, format (bidi overrides) and line characters; half a surrogate pair. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}/\\:;*?"<>|`$]+/gu;

/**
 * @param name as somebody else chose it; anything may come.
 * @param fallback when nothing of it is left.
 * @returns a name for a file of ours: one part, not hidden, 150 bytes at most, its extension kept.
 */
export function safeFileName(name: string, fallback: string): string {
  const plain = name
    .normalize('NFC')
    .replaceAll(UNSAFE, ' ')
    .replaceAll(/\s+/g, ' ')
    .replace(/^[\s.-]+/, '')
    .replace(/[\s.]+$/, '');
  const [extension = ''] = /\.[^.\s]+$/.exec(plain) ?? [];
  if (Buffer.byteLength(extension) > MAX_EXTENSION_BYTES) return cut(plain, MAX_NAME_BYTES) || fallback;
  const stem = plain.slice(0, plain.length - extension.length);
  return cut(stem, MAX_NAME_BYTES - Buffer.byteLength(extension)) + extension || fallback;
}

/** @returns the name with a number before its extension: `report-2.pdf`. */
export function numbered(name: string, number: number): string {
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? `${name}-${number}` : `${name.slice(0, dot)}-${number}${name.slice(dot)}`;
}

/** Cuts between characters, not within one. */
function cut(text: string, maxBytes: number): string {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxBytes) break;
    end += character.length;
  }
  return text.slice(0, end).trimEnd();
}
