/** What a model has heard or spoken in a session. */
export interface Served {
  /** `provider/model`. */
  readonly model: string
  /** The provider's id. */
  readonly provider: string
  /** Seconds of sound that it was sent, or UTF-16 units of text. */
  readonly amount: number
}

/** Who serves. */
export interface Server {
  readonly id: string
  readonly provider: { readonly id: string }
}

/** How much each model has served. */
export class ServedTotals {
  readonly #byModel = new Map<string, Served>()

  constructor(before: readonly Served[] = []) {
    for (const served of before) this.#byModel.set(served.model, served)
  }

  add({ id: model, provider }: Server, amount: number): void {
    const before = this.#byModel.get(model)?.amount ?? 0
    this.#byModel.set(model, { model, provider: provider.id, amount: before + amount })
  }

  get all(): readonly Served[] {
    return [...this.#byModel.values()]
  }
}

export function sumServed(served: readonly Served[]): number {
  return served.reduce((sum, { amount }) => sum + amount, 0)
}
