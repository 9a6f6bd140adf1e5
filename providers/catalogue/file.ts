import { readFileSync } from 'node:fs'
import type { CatalogueEntry } from './entry.ts'
import { type ReadEntries, readCatalogue } from './read.ts'

/** The entries after the changes of an operator's file, YAML or JSON. Each problem begins with the file's name. */
export async function readCatalogueFile(
  file: string,
  present: readonly CatalogueEntry[],
  providers: readonly string[],
): Promise<ReadEntries> {
  const told = (problem: string): string => `${file}: ${problem}`
  try {
    const { parse } = await import('yaml')
    // JSON is YAML too.
    const { entries, problems } = readCatalogue(parse(readFileSync(file, 'utf8'), { merge: true }), present, providers)
    return { entries, problems: problems.map(told) }
  } catch (error) {
    return { entries: present, problems: [told(error instanceof Error ? error.message : String(error))] }
  }
}
