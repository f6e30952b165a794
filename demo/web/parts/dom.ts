type Attributes = Record<string, string | number | boolean | undefined>;

/**
 * Makes an element. `true` sets an empty attribute, `false` and `undefined` leave it out.
 * Everything the page shows is made here or by `Node` methods: strings never become markup.
 */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children);
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

/** @returns an icon of the sprite in index.html, invisible to screen readers. */
export function icon(name: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `#icon-${name}`);
  svg.append(use);
  return svg;
}

/**
 * @returns the element of index.html with this id.
 * @throws Error when the document has none of that type: the page and its script do not belong together.
 */
export function need<E extends HTMLElement>(id: string, type: new () => E): E {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`index.html has no ${type.name} with id "${id}"`);
  return element;
}

/** What the reader changed by hand (a revealed spoiler, an opened quote) outlives an update. */
const KEPT_ATTRIBUTES = new Set(['data-open', 'aria-hidden']);

/**
 * Makes `target`'s children equal `next`'s while keeping every node that need not change, so that a message which grows
 * word by word neither flickers nor loses the reader's selection. Listeners of `next` are not carried over.
 */
export function morphChildren(target: Node, next: Node): void {
  const wanted = [...next.childNodes];
  wanted.forEach((node, index) => {
    const current = target.childNodes[index];
    if (!current) target.appendChild(node);
    else if (!morphNode(current, node)) target.replaceChild(node, current);
  });
  while (target.childNodes.length > wanted.length) target.lastChild?.remove();
}

function morphNode(current: Node, next: Node): boolean {
  if (current instanceof Text && next instanceof Text) {
    morphText(current, next.data);
    return true;
  }
  if (!(current instanceof Element) || !(next instanceof Element)) return false;
  if (current.tagName !== next.tagName || current.getAttribute('class') !== next.getAttribute('class'))
    return false;
  for (const { name } of [...current.attributes]) {
    if (!next.hasAttribute(name) && !KEPT_ATTRIBUTES.has(name)) current.removeAttribute(name);
  }
  for (const { name, value } of next.attributes) {
    if (!KEPT_ATTRIBUTES.has(name) && current.getAttribute(name) !== value) current.setAttribute(name, value);
  }
  morphChildren(current, next);
  return true;
}

/** Only the differing end is touched: `data = …` would drop a selection inside the unchanged beginning. */
function morphText(current: Text, data: string): void {
  if (current.data === data) return;
  let same = 0;
  while (same < current.length && same < data.length && current.data[same] === data[same]) same++;
  current.replaceData(same, current.length - same, data.slice(same));
}
