import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'

/** Every relative link of the README and the documentation leads to a file that is there, and to a heading in it. */

const pages = ['README.md', 'CHANGELOG.md', 'examples/README.md', 'sdk/typescript/README.md', ...pagesIn('docs')]

function pagesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? pagesIn(join(folder, entry.name)) : entry.name.endsWith('.md') ? [join(folder, entry.name)] : [],
  )
}

/** The text without its blocks of code, in which nothing is a link or a heading. */
function prose(page: string): string {
  return readFileSync(page, 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '')
}

/** What a heading is linked by. */
function anchorsOf(page: string): string[] {
  const seen = new Map<string, number>()
  return [...prose(page).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => {
    const anchor = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-')
    const times = seen.get(anchor) ?? 0
    seen.set(anchor, times + 1)
    return times === 0 ? anchor : `${anchor}-${times}`
  })
}

describe.each(pages)('%s', (page) => {
  it('has no link that leads nowhere', () => {
    const broken = [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
      if (/^[a-z]+:/.test(target)) return []
      const [path = '', anchor] = target.split('#')
      const file = path === '' ? page : join(dirname(page), path)
      if (!existsSync(file)) return [target]
      return anchor !== undefined && !anchorsOf(file).includes(anchor) ? [target] : []
    })
    expect(broken).toEqual([])
  })
})
