import { parseHTML } from 'linkedom'

/** As much of the DOM as is used here; the project has no types of browsers. */
export interface DomNode {
  readonly nodeType: number
  readonly parentNode: DomNode | null
  readonly firstChild: DomNode | null
  readonly nextSibling: DomNode | null
  textContent: string | null
}

export interface DomElement extends DomNode {
  readonly localName: string
  readonly innerHTML: string
  getAttribute(name: string): string | null
  setAttribute(name: string, value: string): void
  removeAttribute(name: string): void
  remove(): void
  querySelector(selector: string): DomElement | null
  querySelectorAll(selector: string): Iterable<DomElement>
}

export interface DomDocument {
  readonly documentElement: DomElement
  querySelector(selector: string): DomElement | null
  querySelectorAll(selector: string): Iterable<DomElement>
}

export function isElement(node: DomNode): node is DomElement {
  return node.nodeType === 1
}

/** A document of any text, however little of it is HTML. */
export function parseDocument(html: string): DomDocument {
  const document = parsed(html)
  // The parser adds no element that a document leaves out.
  return document.querySelector('html body') ? document : parsed(`<!doctype html><html><head></head><body>${html}</body></html>`)
}

function parsed(html: string): DomDocument {
  const { document }: { document: DomDocument } = parseHTML(html)
  return document
}
