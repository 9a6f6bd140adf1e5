/**
 * Makes `tools/builtins.gen.ts`, the table of the built-in tools, of the files in `tools/builtins/`, so that a tool is added by adding
 * its file.
 *
 *   npm run generate            write the table
 *   npm run drift               fail when the committed table is not what the folder holds
 */
import { existsSync, readdirSync } from 'node:fs'
import { writeOrCheck } from './generated-files.ts'

const folder = 'tools/builtins'

writeOrCheck({ 'tools/builtins.gen.ts': tableOf(filesIn(new URL(`../${folder}/`, import.meta.url))) }, folder)

/** In the same order on every machine, whatever its language. */
function filesIn(url: URL): readonly string[] {
  const names = existsSync(url) ? readdirSync(url) : []
  return names.filter((name) => name.endsWith('.ts')).sort()
}

function tableOf(files: readonly string[]): string {
  const names = files.map((file) => ({ file, name: camelCase(file.replace(/\.ts$/, '')) }))
  const imports = names.map(({ file, name }) => `import { tool as ${name} } from './builtins/${file}'\n`).join('')
  return `// Generated from ${folder} by \`npm run generate\`. Do not edit.

${imports}import type { Tool } from './tool.ts'

/** The tools that the gateway brings along, in the order of their files' names. */
export const builtins: readonly Tool[] = [${names.map(({ name }) => name).join(', ')}]
`
}

function camelCase(name: string): string {
  return name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}
