/** @returns the last part of a name, without what a file system or a header could misread. */
export function fileName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? '';
  // eslint-disable-next-line no-control-regex -- the very characters that must not be in a name
  return last.replaceAll(/[\0-\x1f\x7f"]/g, '_') || 'file';
}
