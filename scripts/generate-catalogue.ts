/**
 * Makes `providers/catalogue/models.gen.ts` from `models.yaml` beside it. Fails with every mistake that the file has.
 *
 *   npm run generate            write the file
 *   npm run drift               fail when the committed file is not what models.yaml says
 */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { CatalogueEntry } from '../providers/catalogue/entry.ts'
import { readCatalogue } from '../providers/catalogue/read.ts'
import { providers } from '../providers/index.ts'
import { writeOrCheck } from './generated-files.ts'

const source = 'providers/catalogue/models.yaml'
const ids = providers.map(({ id }) => id)

const text = readFileSync(new URL(`../${source}`, import.meta.url), 'utf8')
const { entries, problems } = readCatalogue(parse(text, { merge: true }), [], ids)
if (problems.length > 0) {
  console.error(problems.map((problem) => `${source}: ${problem}`).join('\n'))
  process.exit(1)
}
writeOrCheck({ 'providers/catalogue/models.gen.ts': moduleOf(entries) }, source)

/** One line an entry, so that a change of the catalogue reads well. */
function moduleOf(models: readonly CatalogueEntry[]): string {
  const rows = models.map((entry) => `  ${JSON.stringify(entry)},\n`).join('')
  return `// Generated from ${source} by \`npm run generate\`. Do not edit.

import type { CatalogueEntry } from './entry.ts'

/** The models that this version knows, for all providers that it may have. */
export const knownModels: readonly CatalogueEntry[] = [
${rows}]
`
}
