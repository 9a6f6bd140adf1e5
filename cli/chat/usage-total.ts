import type { Usage } from '@vai/sdk'

/** What the answers of a chat have used together. */
export class UsageTotal {
  #answers = 0
  #input = 0
  #cached = 0
  #output = 0
  #cost = 0
  #unpriced = 0

  add({ input_tokens, cache_read_input_tokens, cache_creation_input_tokens, output_tokens, cost_usd }: Usage): void {
    this.#answers++
    this.#input += (input_tokens ?? 0) + (cache_read_input_tokens ?? 0) + (cache_creation_input_tokens ?? 0)
    this.#cached += cache_read_input_tokens ?? 0
    this.#output += output_tokens ?? 0
    if (cost_usd === undefined) this.#unpriced++
    else this.#cost += cost_usd
  }

  /** In words for people. */
  get told(): string {
    if (this.#answers === 0) return 'Nothing was answered yet.'
    const answers = this.#answers === 1 ? '1 answer' : `${this.#answers} answers`
    const cached = this.#cached === 0 ? '' : ` (${this.#cached} of them from a cache)`
    return `${answers}: ${this.#input} tokens in${cached}, ${this.#output} out; ${this.#price}.`
  }

  get #price(): string {
    if (this.#unpriced === this.#answers) return 'no price is known'
    const rest =
      this.#unpriced === 0 ? '' : `, without ${this.#unpriced} that ${this.#unpriced === 1 ? 'has' : 'have'} no known price`
    return `$${this.#cost.toFixed(4)}${rest}`
  }
}
