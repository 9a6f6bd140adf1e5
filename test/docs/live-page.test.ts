import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { livePage } from '../../scripts/live-page.ts'

const page = livePage()
const errorPage = readFileSync('docs/errors.md', 'utf8')

/** Every code that stands in the code of live sessions as one that a client is told. */
const codes = new Set(
  filesIn('plugins/live').flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/(?:\bcode: |#refuse\(|\bwarn\(move, |\bviolation\()'(\w+)'/g)].map(
      ([, code = '']) => code,
    ),
  ),
)

describe('the page about live sessions', () => {
  it('leaves nothing open that is to be filled in', () => {
    expect(page).not.toContain('{{')
  })

  it('names every code that clients are told', () => {
    expect(codes.size).toBeGreaterThan(30)
    const missing = [...codes].filter((code) => !page.includes(`\`${code}\``) && !errorPage.includes(`\`${code}\``))
    expect(missing).toEqual([])
  })
})

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesIn(path) : [path]
  })
}
