import { SecretError } from './secret-error.ts';

/** A name's two parts; neither an ARN nor a name in Secrets Manager can contain `#`. */
export interface SecretName {
  readonly id: string;
  readonly key: string | undefined;
}

/** @returns the parts of `id` or `id#key`. */
export function parseSecretName(name: string): SecretName {
  const at = name.indexOf('#');
  return at === -1 ? { id: name, key: undefined } : { id: name.slice(0, at), key: name.slice(at + 1) };
}

/**
 * @param stored the whole secret
 * @returns what the name asks for: all of it, or the string under its key.
 * @throws SecretError `secret_malformed` or `secret_missing`, without a cause: that of a JSON error would quote the secret
 */
export function pickSecret(name: string, stored: string): string {
  const { key } = parseSecretName(name);
  if (key === undefined) return stored;
  const object = parseObject(stored);
  if (!object) throw new SecretError('secret_malformed', name, { problem: 'is not a JSON object' });
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  if (value === undefined) throw new SecretError('secret_missing', name, { problem: 'has no such key' });
  if (typeof value !== 'string')
    throw new SecretError('secret_malformed', name, { problem: 'is not a string' });
  return value;
}

/** @returns undefined for what is no JSON object; why it is none is not told, because that would quote it. */
function parseObject(text: string): Record<string, unknown> | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
  return isObject ? (parsed as Record<string, unknown>) : undefined;
}
