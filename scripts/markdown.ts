import type { UpstreamSettings } from '../providers/provider.ts'

/** Pieces of Markdown, as the formatter has them. */

/** A page of docs/, with a head that says what it is made from. */
export function page(title: string, source: string, parts: readonly string[]): string {
  const header = `<!-- Generated from ${source} by \`npm run generate\`. Do not edit. -->`
  return `${[header, `# ${title}`, ...parts].join('\n\n')}\n`
}

/** A table whose columns are aligned. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')))
  const widths = head.map((_, at) => Math.max(3, ...cells.map((row) => row[at]?.length ?? 0)))
  const [first, ...rest] = cells.map((row) => line(row, widths))
  return [first, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rest].join('\n')
}

function line(row: readonly string[], widths: readonly number[]): string {
  return `| ${widths.map((width, at) => (row[at] ?? '').padEnd(width)).join(' | ')} |`
}

export function code(text: string): string {
  return `\`${text}\``
}

/** Where the operator's key comes from: the first of these that is set. */
export function keyPlaces({ keyVariables, keyFileVariables = [] }: UpstreamSettings): string {
  return [...keyVariables.map(code), ...keyFileVariables.map((name) => `the file that ${code(name)} names`)].join(', then ')
}
