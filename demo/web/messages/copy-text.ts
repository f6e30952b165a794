/**
 * Puts a text on the clipboard, also where the page is not served securely (`http://192.168.1.5:8787`, say): browsers offer
 * `navigator.clipboard` to secure origins alone (https://developer.mozilla.org/docs/Web/API/Clipboard).
 * @throws DOMException, or an Error, when the browser refuses.
 */
export async function copyText(text: string): Promise<void> {
  // The type says that it is always there; on an insecure origin it is not.
  const clipboard = navigator.clipboard as Clipboard | undefined;
  if (clipboard) await clipboard.writeText(text);
  else copySelection(text);
}

/** The old way is deprecated, but every browser still has it, and it needs no secure origin. */
function copySelection(text: string): void {
  const focused = document.activeElement;
  const field = document.createElement('textarea');
  field.value = text;
  field.readOnly = true;
  field.className = 'unseen';
  // An open dialog makes everything outside of it inert, and what is inert cannot be selected.
  (focused?.closest('dialog') ?? document.body).append(field);
  field.select();
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- there is no other way without a secure origin
  const isCopied = document.execCommand('copy');
  field.remove();
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  if (!isCopied) throw new Error('The browser refused to copy');
}
