/** @returns what a PNG image of this size begins with. */
export function pngOf(width: number, height: number): Uint8Array {
  const size = Buffer.alloc(8);
  size.writeUInt32BE(width, 0);
  size.writeUInt32BE(height, 4);
  return new Uint8Array(
    Buffer.concat([Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), size, Buffer.from('0802', 'hex')]),
  );
}

/** @returns the headers of a JPEG image of this size. */
export function jpegOf(width: number, height: number): Uint8Array {
  const size = Buffer.alloc(4);
  size.writeUInt16BE(height, 0);
  size.writeUInt16BE(width, 2);
  const jfif = Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex');
  const frame = [Buffer.from('ffc0001108', 'hex'), size, Buffer.from('03011100021101031101ffd9', 'hex')];
  return new Uint8Array(Buffer.concat([jfif, ...frame]));
}
