import type { Definition, FootnoteDefinition, Nodes, Root } from 'mdast';
import type { FormattedTextWriter } from './formatted-text.ts';

/** What rendering one node needs to know of the whole document. */
export interface RenderContext {
  readonly writer: FormattedTextWriter;
  /** Where reference links lead, by identifier. */
  readonly definitions: ReadonlyMap<string, Definition>;
  /** Identifiers of the definitions that some link uses. */
  readonly usedDefinitions: ReadonlySet<string>;
  readonly footnotes: Footnotes;
}

/** Footnotes are numbered in the order they are first referred to. */
class Footnotes {
  readonly #definitions: ReadonlyMap<string, FootnoteDefinition>;
  readonly #numbers = new Map<string, number>();

  constructor(definitions: ReadonlyMap<string, FootnoteDefinition>) {
    this.#definitions = definitions;
  }

  /** @returns false for another definition of the same name, which never takes effect. */
  has(definition: FootnoteDefinition): boolean {
    return this.#definitions.get(definition.identifier) === definition;
  }

  numberOf(identifier: string): number {
    const number = this.#numbers.get(identifier) ?? this.#numbers.size + 1;
    this.#numbers.set(identifier, number);
    return number;
  }

  /** Yields every footnote in order, those that rendering an earlier one refers to and unused ones included. */
  *inOrder(): Generator<{ number: number; definition: FootnoteDefinition }> {
    yield* this.#numbered(0);
    const referred = this.#numbers.size;
    for (const identifier of this.#definitions.keys()) this.numberOf(identifier);
    yield* this.#numbered(referred);
  }

  *#numbered(after: number): Generator<{ number: number; definition: FootnoteDefinition }> {
    // A map's iterator also visits what is added while it runs.
    for (const [identifier, number] of this.#numbers) {
      const definition = this.#definitions.get(identifier);
      if (definition && number > after) yield { number, definition };
    }
  }
}

/** @returns the context for rendering the tree; of definitions with the same identifier the first one counts. */
export function createContext(tree: Root, writer: FormattedTextWriter): RenderContext {
  const definitions = new Map<string, Definition>();
  const footnotes = new Map<string, FootnoteDefinition>();
  const usedDefinitions = new Set<string>();
  const waiting: Nodes[] = [tree];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    if (node.type === 'linkReference' || node.type === 'imageReference') usedDefinitions.add(node.identifier);
    if (node.type === 'definition' && !definitions.has(node.identifier)) {
      definitions.set(node.identifier, node);
    }
    if (node.type === 'footnoteDefinition' && !footnotes.has(node.identifier)) {
      footnotes.set(node.identifier, node);
    }
    // From a stack: document order needs the children reversed.
    if ('children' in node) for (const child of node.children.toReversed()) waiting.push(child);
  }
  return { writer, definitions, usedDefinitions, footnotes: new Footnotes(footnotes) };
}
