/** Telegram's apps send photos no larger than this, in pixels of the longer side. */
const MAX_SIDE = 1280;
const JPEG_QUALITY = 0.87;
/** The side of a preview, in CSS pixels. */
const PREVIEW_SIDE = 44;

/** What Telegram's apps offer to send as a photo. */
const PHOTO_TYPES = ['image/jpeg', 'image/png'];
/** What the browser draws without running anything in it. */
const PICTURE_TYPES = [...PHOTO_TYPES, 'image/gif', 'image/webp'];
/** Larger files are shown by their name alone, in bytes. */
const MAX_SHOWN_BYTES = 10_000_000;

/** @returns whether a file can be sent as a photo. */
export function canBePhoto(file: Blob): boolean {
  return PHOTO_TYPES.includes(file.type);
}

/** @returns whether a file is a picture that the page may show. */
export function isPicture(mediaType: string | undefined, bytes: number | undefined): boolean {
  return mediaType !== undefined && PICTURE_TYPES.includes(mediaType) && (bytes ?? 0) <= MAX_SHOWN_BYTES;
}

/** @returns the picture as an app of Telegram would send it as a photo: a smaller JPEG; undefined when it cannot be read. */
export async function asPhoto(file: Blob): Promise<Blob | undefined> {
  const bitmap = await decode(file);
  if (!bitmap) return undefined;
  const scale = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = new OffscreenCanvas(
    Math.max(1, Math.round(bitmap.width * scale)),
    Math.max(1, Math.round(bitmap.height * scale)),
  );
  const context = canvas.getContext('2d');
  if (!context) return undefined;
  // JPEG knows no transparency.
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return canvas.convertToBlob({ type: 'image/jpeg', quality: JPEG_QUALITY });
}

/** Draws a small square of the picture's middle; leaves the canvas empty when the picture cannot be read. */
export async function drawPreview(file: Blob, canvas: HTMLCanvasElement): Promise<void> {
  const bitmap = await decode(file);
  if (!bitmap) return;
  const side = Math.min(bitmap.width, bitmap.height);
  canvas.width = canvas.height = Math.round(PREVIEW_SIDE * devicePixelRatio);
  const [left, top] = [(bitmap.width - side) / 2, (bitmap.height - side) / 2];
  canvas.getContext('2d')?.drawImage(bitmap, left, top, side, side, 0, 0, canvas.width, canvas.height);
  bitmap.close();
}

async function decode(file: Blob): Promise<ImageBitmap | undefined> {
  try {
    return await createImageBitmap(file);
  } catch (error) {
    console.warn('A picture could not be read; it is treated as a file.', error);
    return undefined;
  }
}
