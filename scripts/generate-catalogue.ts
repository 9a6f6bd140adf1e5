/**
 * Makes `providers/catalogue/models.gen.ts` from `models.yaml` beside it, and `speech.gen.ts` from `speech.yaml`. Fails with every
 * mistake that the files have.
 *
 *   npm run generate            write the files
 *   npm run drift               fail when a committed file is not what its source says
 */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { CatalogueEntry } from '../providers/catalogue/entry.ts'
import { readCatalogue } from '../providers/catalogue/read.ts'
import { providers } from '../providers/index.ts'
import { writeOrCheck } from './generated-files.ts'

const folder = 'providers/catalogue'
const ids = providers.map(({ id }) => id)

generate('models', 'knownModels', 'The models that this version knows, for all providers that it may have.', ids)
// Vendors of speech that are named here are those that there are: a test sees to it.
generate('speech', 'knownSpeech', 'The models of speech whose prices this version knows, apart from those of language.')

function generate(name: string, constant: string, description: string, owners?: readonly string[]): void {
  const source = `${folder}/${name}.yaml`
  const file: unknown = parse(readFileSync(new URL(`../${source}`, import.meta.url), 'utf8'), { merge: true })
  const { entries, problems } = readCatalogue(file, [], owners ?? ownersIn(file))
  if (problems.length > 0) {
    console.error(problems.map((problem) => `${source}: ${problem}`).join('\n'))
    process.exit(1)
  }
  writeOrCheck({ [`${folder}/${name}.gen.ts`]: moduleOf(entries, source, constant, description) }, source)
}

function ownersIn(file: unknown): string[] {
  return Object.keys(Object(file)).flatMap((key) => key.split('/', 1))
}

/** One line an entry, so that a change of the catalogue reads well. */
function moduleOf(entries: readonly CatalogueEntry[], source: string, constant: string, description: string): string {
  const rows = entries.map((entry) => `  ${JSON.stringify(entry)},\n`).join('')
  return `// Generated from ${source} by \`npm run generate\`. Do not edit.

import type { CatalogueEntry } from './entry.ts'

/** ${description} */
export const ${constant}: readonly CatalogueEntry[] = [
${rows}]
`
}
