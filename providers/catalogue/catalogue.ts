import type { CatalogueEntry } from './entry.ts'

/** What is known of models, by all the names that they have. */
export class Catalogue {
  readonly entries: readonly CatalogueEntry[]
  readonly #byName = new Map<string, CatalogueEntry>()

  constructor(entries: readonly CatalogueEntry[]) {
    this.entries = entries
    for (const entry of entries) for (const alias of entry.aliases ?? []) this.#byName.set(alias, entry)
    for (const entry of entries) this.#byName.set(entry.id, entry)
  }

  /**
   * The entry of a model, `provider/name`: the one of exactly this id or alias, or of this id without the day at its end
   * (`-20250929`, `-2025-08-07`). No other likeness counts, so that a model never has the price of another.
   */
  find(id: string): CatalogueEntry | undefined {
    const known = this.#byName.get(id)
    if (known) return known
    const undated = withoutDay(id)
    const entry = undated === undefined ? undefined : this.#byName.get(undated)
    return entry?.id === undated ? entry : undefined
  }
}

/** `openai/gpt-5` for `openai/gpt-5-2025-08-07`; undefined where there is no day at the end. */
function withoutDay(id: string): string | undefined {
  const [, name, month, day] = /^(.+)-20\d\d(?:(?:-(?=\d\d-))|(?=\d{4}$))(\d\d)-?(\d\d)$/.exec(id) ?? []
  const isDay = Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= 31
  return isDay ? name : undefined
}
