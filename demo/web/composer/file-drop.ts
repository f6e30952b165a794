import { need } from '../parts/dom.ts';

/** What the reader dropped or pasted. */
export interface Dropped {
  files: File[];
  hasFolder: boolean;
}

/**
 * Takes files that are dropped anywhere on the page or pasted into it.
 * @param isWanted whether there is a conversation to attach them in.
 */
export function handleFileDrop(isWanted: () => boolean, onFiles: (dropped: Dropped) => void): void {
  const sign = need('drop-sign', HTMLElement);
  /** Each element under the pointer tells of its own entering and leaving. */
  let depth = 0;
  const show = (next: number): void => {
    depth = next;
    sign.hidden = depth === 0;
  };
  document.addEventListener('dragenter', (event) => {
    if (bringsFiles(event) && isWanted()) show(depth + 1);
  });
  document.addEventListener('dragleave', (event) => {
    if (bringsFiles(event) && depth > 0) show(depth - 1);
  });
  document.addEventListener('dragover', (event) => {
    if (!bringsFiles(event) || !event.dataTransfer) return;
    // Otherwise the browser would leave the page to open the file.
    event.preventDefault();
    event.dataTransfer.dropEffect = isWanted() ? 'copy' : 'none';
  });
  document.addEventListener('drop', (event) => {
    if (!bringsFiles(event) || !event.dataTransfer) return;
    event.preventDefault();
    show(0);
    if (isWanted()) onFiles(dropped(event.dataTransfer));
  });
  document.addEventListener('paste', (event) => {
    const data = event.clipboardData;
    // From a word processor come the text and a picture of it: then the text is meant.
    const isRichText = data?.types.includes('text/html') && data.types.includes('text/plain');
    if (!data || data.files.length === 0 || isRichText || !isWanted()) return;
    event.preventDefault();
    onFiles(dropped(data));
  });
}

function bringsFiles({ dataTransfer }: DragEvent): boolean {
  return dataTransfer?.types.includes('Files') ?? false;
}

/** A folder looks like a file that cannot be read. */
function dropped(data: DataTransfer): Dropped {
  const items = [...data.items].filter(({ kind }) => kind === 'file');
  const isFolder = (item: DataTransferItem): boolean => item.webkitGetAsEntry()?.isDirectory ?? false;
  const files = items.filter((item) => !isFolder(item)).map((item) => item.getAsFile());
  return { files: files.filter((file) => file !== null), hasFolder: items.some(isFolder) };
}
