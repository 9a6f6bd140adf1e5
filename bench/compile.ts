import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import ts from 'typescript'

const source = import.meta.dirname
export const projectRoot = dirname(source)
const target = join(projectRoot, 'node_modules', '.cache', 'vai-bench')

/**
 * The benchmark's own processes as plain JavaScript, so that none of them carries a TypeScript loader through the measurement.
 * Returns where they lie. Types are not checked.
 */
export function compile(): string {
  for (const file of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue
    const { outputText } = ts.transpileModule(readFileSync(join(source, file), 'utf8'), {
      compilerOptions: {
        module: ts.ModuleKind.ESNext,
        target: ts.ScriptTarget.ES2023,
        verbatimModuleSyntax: true,
        rewriteRelativeImportExtensions: true,
      },
    })
    mkdirSync(join(target, dirname(file)), { recursive: true })
    writeFileSync(join(target, file.replace(/\.ts$/, '.js')), outputText)
  }
  writeFileSync(join(target, 'package.json'), '{"type":"module"}\n')
  return target
}
