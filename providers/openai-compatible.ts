import { isRecord } from '../api/json.ts'
import type { CatalogueEntry } from './catalogue/entry.ts'
import { readModels } from './catalogue/read.ts'
import { presetProblem, readDefinition } from './openai-chat/definition.ts'
import { cerebrasDialect } from './openai-chat/dialects/cerebras.ts'
import { groqDialect } from './openai-chat/dialects/groq.ts'
import { openrouterDialect } from './openai-chat/dialects/openrouter.ts'
import { createOpenAiChat } from './openai-chat/index.ts'
import { presetNames, presetOf, presetsInWords } from './openai-chat/presets.ts'
import { quirksInWords } from './openai-chat/read-quirks.ts'
import type { Taken } from './operator-definition.ts'
import type { LlmProvider } from './provider.ts'

/** The servers that speak Chat Completions: those of this package, and those that an operator defines. */

export const groq: LlmProvider = createOpenAiChat(groqDialect)
export const cerebras: LlmProvider = createOpenAiChat(cerebrasDialect)
export const openrouter: LlmProvider = createOpenAiChat(openrouterDialect)

export { presetNames, presetsInWords, quirksInWords }

/** What an operator's definitions come to, and every mistake in them. */
export interface DefinedProviders {
  readonly providers: readonly LlmProvider[]
  /** What is known of their models. */
  readonly models: readonly CatalogueEntry[]
  readonly problems: readonly string[]
}

/**
 * The providers of `providers` in the configuration, a mapping by their names, and of `named`, which are names of presets. What
 * both have is as the mapping says.
 */
export function defineProviders(
  mapping: Readonly<Record<string, unknown>>,
  named: readonly string[],
  taken: Taken,
): DefinedProviders {
  const problems: string[] = []
  const tell = (problem: string): void => void problems.push(problem)
  for (const name of named) if (!presetOf(name)) tell(`VAI_PROVIDERS: ${presetProblem(name)}`)
  const presets = named.filter((name) => presetOf(name) && !Object.hasOwn(mapping, name))
  const definitions = { ...mapping, ...Object.fromEntries(presets.map((name) => [name, {}])) }
  const providers: LlmProvider[] = []
  const models: CatalogueEntry[] = []
  let names = taken
  for (const [id, definition] of Object.entries(definitions)) {
    const path = `providers.${id}`
    const dialect = readDefinition(id, definition, path, names, tell)
    if (!dialect) continue
    const { upstream } = dialect
    names = {
      ids: [...names.ids, id],
      keyHeaders: [...names.keyHeaders, upstream.keyHeader.toLowerCase()],
      variables: [...names.variables, upstream.baseURLVariable],
    }
    providers.push(createOpenAiChat(dialect))
    const list = isRecord(definition) ? definition.models : undefined
    if (list === undefined || list === null) continue
    const read = readModels(list, id, `${path}.models`)
    models.push(...read.entries)
    problems.push(...read.problems)
  }
  return { providers, models, problems }
}
