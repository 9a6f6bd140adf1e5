import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

/** The page that says how clients are generated; the tests do what it says. */
const page = readFileSync(new URL('../../docs/clients.md', import.meta.url), 'utf8')

/** The version of openapi-generator that the page names. */
export const generatorVersion = must(/openapi-generator-cli:([\d.]+\d)/.exec(page)?.[1], 'version of openapi-generator')

/** The settings that the page gives under a heading. */
export function settingsOf(heading: string): Record<string, unknown> {
  const section = must(
    page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)),
    heading,
  )
  const settings: unknown = parse(must(/```yaml\n(.*?)```/s.exec(section)?.[1], `settings under ${heading}`))
  return Object.fromEntries(Object.entries(Object(settings)))
}

/** Whether the page says this, word for word. */
export function says(text: string): boolean {
  return page.includes(text)
}

function must<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`docs/clients.md: missing ${what}`)
  return value
}
