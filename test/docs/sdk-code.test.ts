import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { beforeAll, describe, expect, it } from 'vitest'

/** The programs of `examples/` and what stands between them in the pages on the SDK, as the compiler sees them, in one go. */

const root = fileURLToPath(new URL('../../', import.meta.url))
const pages = ['sdk/typescript/README.md', 'docs/first-call.md', 'README.md']

/** What blocks of a page use that stands before them on it, or is the reader's own. */
const given = `
declare const vai: import('@vai/sdk').VAI
declare const messages: import('@vai/sdk').MessageParam[]
declare const recording: Uint8Array
declare const userKey: string
declare const button: HTMLButtonElement
`

let problems: ReadonlyMap<string, readonly string[]>
const pathOf = (page: string): string => join(root, 'examples', page.replaceAll('/', '-'))
const blocks = new Map(pages.flatMap((page) => blocksOf(page).map((code, at) => [`${pathOf(page)}-${at + 1}.ts`, code])))

beforeAll(() => {
  problems = problemsOf(new Map([...blocks, [join(root, 'examples/given.d.ts'), given]]))
}, 60_000)

describe('the compiler takes', () => {
  it.each(pages)('the code of %s', (page) => {
    const names = [...blocks.keys()].filter((name) => name.startsWith(pathOf(page)))
    expect(names.length).toBeGreaterThan(0)
    expect(names.flatMap((name) => problems.get(name) ?? [])).toEqual([])
  })

  it('the examples', () => {
    expect([...problems.keys()].filter((name) => name.endsWith('.mjs')).length).toBeGreaterThanOrEqual(10)
    expect([...problems].filter(([name]) => !blocks.has(name)).flatMap(([, each]) => each)).toEqual([])
  })
})

/** The blocks of TypeScript, each a module of its own. */
function blocksOf(page: string): string[] {
  const text = readFileSync(join(root, page), 'utf8')
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code = '']) => `${code}\nexport {}\n`)
}

/** What is wrong with each of the examples and of some files that are not on the disk, by the examples' own settings. */
function problemsOf(files: ReadonlyMap<string, string>): Map<string, string[]> {
  const config = join(root, 'examples/tsconfig.json')
  // A block may end with what the reader goes on with.
  const more = { noUnusedLocals: false }
  const parsed = ts.getParsedCommandLineOfConfigFile(config, more, { ...ts.sys, onUnRecoverableConfigFileDiagnostic: fail })
  if (!parsed) throw new Error(`${config} cannot be read.`)
  const host = ts.createCompilerHost(parsed.options)
  const { fileExists, readFile, getSourceFile } = host
  host.fileExists = (name) => files.has(name) || fileExists(name)
  host.readFile = (name) => files.get(name) ?? readFile(name)
  host.getSourceFile = (name, version, ...rest) => {
    const text = files.get(name)
    return text === undefined ? getSourceFile(name, version, ...rest) : ts.createSourceFile(name, text, version)
  }
  const names = [...parsed.fileNames, ...files.keys()]
  const program = ts.createProgram(names, parsed.options, host)
  return new Map(
    names.map((name) => {
      const file = program.getSourceFile(name)
      return [name, [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(worded)]
    }),
  )
}

function worded({ file, start = 0, messageText }: ts.Diagnostic): string {
  const line = file ? file.getLineAndCharacterOfPosition(start).line : 0
  return `${file?.text.split('\n')[line]}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
}

function fail({ messageText }: ts.Diagnostic): never {
  throw new Error(ts.flattenDiagnosticMessageText(messageText, ' '))
}
