import { highlightedCodeBlock, strikethrough } from '@joplin/turndown-plugin-gfm'
import TurndownService from 'turndown'

/** Markdown of HTML whose links are absolute. Scripts and whatever else shows nothing have been taken out of it. */
export function markdownOf(html: string): string {
  const service = new TurndownService({
    headingStyle: 'atx',
    hr: '---',
    codeBlockStyle: 'fenced',
    emDelimiter: '*',
  })
  service.use([highlightedCodeBlock, strikethrough, lists, tables])
  service.addRule('link', { filter: 'a', replacement: link })
  service.addRule('image', { filter: 'img', replacement: (_, node) => image(node) })
  return service.turndown(html)
}

/** As much of an element as the rules look at. */
interface Element {
  readonly nodeName: string
  readonly parentNode: Element | null
  getAttribute(name: string): string | null
}

function link(content: string, node: Element): string {
  const text = onOneLine(content)
  const href = node.getAttribute('href')
  return text === '' || !href ? text : `[${text}](${target(href)})`
}

/** A picture without words for it says nothing to who reads. */
function image(node: Element): string {
  const alt = onOneLine(node.getAttribute('alt') ?? '').replace(/[[\]]/g, '')
  const src = node.getAttribute('src')
  return alt === '' || !src ? alt : `![${alt}](${target(src)})`
}

function target(url: string): string {
  return url.replace(/[\s()<>]/g, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

function onOneLine(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ')
}

/** Items without the spaces that only make them look even. */
function lists(service: TurndownService): void {
  const numbers = new WeakMap<Element, number>()
  service.addRule('item', {
    filter: 'li',
    replacement(content: string, node: Element) {
      const list = node.parentNode
      let mark = '-'
      if (list?.nodeName === 'OL') {
        const number = numbers.get(list) ?? (Number(list.getAttribute('start')) || 1)
        numbers.set(list, number + 1)
        mark = `${number}.`
      }
      const lines = content.trim().split('\n')
      return `${mark} ${lines.join(`\n${' '.repeat(mark.length + 1)}`)}\n`
    },
  })
}

/** Tables as rows of cells. The first row heads the table, because Markdown has no table without a head. */
function tables(service: TurndownService): void {
  const headed = new WeakSet<Element>()
  const columns = new WeakMap<Element, number>()
  service.addRule('cell', {
    filter: ['th', 'td'],
    replacement(content: string, node: Element) {
      if (isLayout(tableOf(node))) return `${content}\n\n`
      const row = node.parentNode
      if (row) columns.set(row, (columns.get(row) ?? 0) + 1)
      return ` ${onOneLine(content).replaceAll('|', '\\|')} |`
    },
  })
  service.addRule('row', {
    filter: 'tr',
    replacement(content: string, node: Element) {
      const table = tableOf(node)
      if (isLayout(table)) return content
      const row = `|${content}\n`
      if (!table || headed.has(table)) return row
      headed.add(table)
      return `${row}|${' --- |'.repeat(columns.get(node) ?? 0)}\n`
    },
  })
  service.addRule('rows', { filter: ['thead', 'tbody', 'tfoot'], replacement: (content: string) => content })
  service.addRule('table', { filter: 'table', replacement: (content: string) => `\n\n${content}\n\n` })
}

/** Says of a table that it only puts things beside each other. */
export const layoutAttribute = 'data-layout'

function isLayout(table: Element | undefined): boolean {
  return table?.getAttribute(layoutAttribute) === ''
}

function tableOf(node: Element): Element | undefined {
  let at = node.parentNode
  // A cell lies in a row, in a part of the table, in the table.
  for (let steps = 0; at && steps < 3; steps++) {
    if (at.nodeName === 'TABLE') return at
    at = at.parentNode
  }
  return undefined
}
