import { Readability } from '@mozilla/readability'
import { type DomDocument, type DomElement, type DomNode, isElement, parseDocument } from './dom.ts'
import { layoutAttribute, markdownOf } from './markdown.ts'

export interface HtmlPage {
  readonly title: string | undefined
  /** Empty where the page shows nothing. */
  readonly markdown: string
  /** Whether there was more of it than is read. */
  readonly isPartial: boolean
  /** Whether it has scripts, which may be what would have shown something. */
  readonly hasScripts: boolean
}

/** What an HTML page says: its article where it has one, else its body without what surrounds the text on every page of a site. */
export function readHtml(html: string, url: string): HtmlPage {
  const { rest, hasScripts } = withoutScripts(html)
  const bounded = beginningOf(rest)
  const document = parseDocument(bounded)
  const title = titleOf(document)
  flatten(document.documentElement)
  for (const element of [...document.querySelectorAll(unshown)]) element.remove()
  for (const element of [...document.querySelectorAll('[style]')]) if (isHidden(element)) element.remove()
  makeAbsolute(document, url)
  markLayout(document)
  return {
    title,
    markdown: markdownOf(articleIn(document)),
    isPartial: bounded.length < rest.length,
    hasScripts,
  }
}

/** Most elements of one page; the time that reading takes grows faster than their number. */
const maxElements = 50_000
/** Beyond so many elements a page is a list of something rather than an article, and would take too long to be looked at as one. */
const maxArticleElements = 12_000
/** Elements' tags and characters spelled out, each of which the parser keeps by itself. */
const maxPieces = 200_000
const maxCharacters = 2_000_000
const maxDepth = 200

/** What nobody sees, or nobody reads. */
const unshown =
  'script,style,noscript,template,iframe,frame,object,embed,applet,svg,canvas,audio,video,map,link,meta,input,select,textarea,button,dialog,body title,[hidden]'
const surroundings = 'nav,footer,aside,[role=navigation],[role=banner],[role=contentinfo],[role=complementary],[role=search]'

/** Without scripts and styles, which may be most of a page, and of which nothing is read. Takes time in proportion to the length. */
function withoutScripts(html: string): { readonly rest: string; readonly hasScripts: boolean } {
  const parts: string[] = []
  const opening = /<(script|style)(?=[\s>/])/gi
  let hasScripts = false
  let from = 0
  for (let found = opening.exec(html); found; found = opening.exec(html)) {
    parts.push(html.slice(from, found.index))
    const name = found[1]?.toLowerCase()
    hasScripts ||= name === 'script'
    const closing = name === 'script' ? /<\/script[^>]{0,100}>/gi : /<\/style[^>]{0,100}>/gi
    closing.lastIndex = found.index
    const end = closing.exec(html)
    if (!end) return { rest: parts.join(''), hasScripts }
    from = closing.lastIndex
    opening.lastIndex = from
  }
  return { rest: parts.join('') + html.slice(from), hasScripts }
}

/** As much of a page as is read. What looks like a tag counts as one, in a comment too. */
function beginningOf(html: string): string {
  const text = html.slice(0, maxCharacters).replace(/[ \t\r\n]{200,}/g, '\n')
  const piece = /[<&]/g
  let pieces = 0
  let elements = 0
  for (let found = piece.exec(text); found; found = piece.exec(text)) {
    pieces++
    if (found[0] === '<' && /[a-z]/i.test(text.charAt(piece.lastIndex))) elements++
    if (pieces > maxPieces || elements > maxElements) return text.slice(0, found.index)
  }
  return text
}

function titleOf(document: DomDocument): string | undefined {
  const said = document.querySelector('meta[property="og:title"]')?.getAttribute('content')
  const title = document.querySelector('title')?.textContent || said || document.querySelector('h1')?.textContent
  return title?.slice(0, 2000).replace(/\s+/g, ' ').trim().slice(0, 300) || undefined
}

/** Elements beyond a depth become their text: whoever walks the rest may do so by recursion. */
function flatten(root: DomElement): void {
  let node: DomNode = root
  let depth = 0
  for (;;) {
    if (depth === maxDepth && isElement(node)) {
      const text = node.textContent
      node.textContent = text
    } else if (node.firstChild) {
      node = node.firstChild
      depth++
      continue
    }
    while (!node.nextSibling) {
      if (!node.parentNode || node.parentNode === root || depth === 0) return
      node = node.parentNode
      depth--
    }
    node = node.nextSibling
  }
}

function isHidden(element: DomElement): boolean {
  return /(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)/i.test((element.getAttribute('style') ?? '').slice(0, 1000))
}

/** Links and pictures lead to another page or nowhere at all. */
function makeAbsolute(document: DomDocument, url: string): void {
  const base = absolute(document.querySelector('base')?.getAttribute('href') ?? '', url) ?? url
  for (const [selector, name] of [
    ['a', 'href'],
    ['img', 'src'],
  ] as const) {
    for (const element of document.querySelectorAll(`${selector}[${name}]`)) {
      const target = absolute(element.getAttribute(name) ?? '', base)
      if (target === undefined) element.removeAttribute(name)
      else element.setAttribute(name, target)
    }
  }
}

function absolute(reference: string, base: string): string | undefined {
  if (reference.length > 4000 || reference.startsWith('#') || !URL.canParse(reference, base)) return undefined
  const url = new URL(reference, base)
  return /^(?:https?|mailto):$/.test(url.protocol) ? url.href : undefined
}

/** Tables that hold tables, or say so themselves, only put things beside each other. */
function markLayout(document: DomDocument): void {
  const layout = [...document.querySelectorAll('table[role=presentation],table[role=none]')]
  for (const inner of document.querySelectorAll('table table')) {
    for (let node = inner.parentNode; node; node = node.parentNode) {
      if (isElement(node) && node.localName === 'table') layout.push(node)
    }
  }
  for (const table of layout) table.setAttribute(layoutAttribute, '')
}

/**
 * The HTML of what makes up the page, where that can be told from the rest and is no small part of it; else of all that is not the
 * same on every page of a site. Takes the document apart.
 */
function articleIn(document: DomDocument): string {
  const body = document.querySelector('body')
  const whole = body?.innerHTML ?? ''
  for (const element of [...document.querySelectorAll(surroundings)]) element.remove()
  const length = textLength(body)
  // Some pages are all navigation, and are asked for because of it.
  if (length === 0) return whole
  const core = body?.innerHTML ?? ''
  if ([...document.querySelectorAll('*')].length > maxArticleElements) return core
  const article = new Readability(document).parse()
  return article?.content && (article.length ?? 0) >= length / 4 ? article.content : core
}

function textLength(element: DomElement | null): number {
  return element?.textContent?.trim().length ?? 0
}
