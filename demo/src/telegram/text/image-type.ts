import { imageSize } from 'image-size';

/** The images that a browser shows without running anything in them, by their first bytes in hexadecimal. */
const BEGINNINGS = {
  'image/jpeg': /^ffd8ff/,
  'image/png': /^89504e470d0a1a0a/,
  'image/gif': /^47494638(?:37|39)61/,
  'image/webp': /^52494646.{8}57454250/,
} as const;
const BEGINNING_LENGTH = 12;

/** @returns the type that the bytes themselves show, whatever name and type they were sent with. */
export function imageType(content: Uint8Array): string | undefined {
  const beginning = Buffer.from(content.subarray(0, BEGINNING_LENGTH)).toString('hex');
  return Object.entries(BEGINNINGS).find(([, pattern]) => pattern.test(beginning))?.[0];
}

/** @returns width and height in pixels of a JPEG or PNG image; undefined when it is none. */
export function photoSize(content: Uint8Array): { width: number; height: number } | undefined {
  const type = imageType(content);
  if (type !== 'image/jpeg' && type !== 'image/png') return undefined;
  try {
    const { width, height } = imageSize(content);
    return width > 0 && height > 0 ? { width, height } : undefined;
  } catch (error) {
    // So it says that a header makes no sense.
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
