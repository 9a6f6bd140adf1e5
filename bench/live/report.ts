import { writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { watchOthers } from '../processes.ts'
import { quantile, table } from '../voice/table.ts'

/** What is measured, beside what it may be. */
export class Report {
  readonly #shareOfOthers = watchOthers()
  readonly #environment = { node: process.version, cpu: cpus()[0]?.model ?? '', cores: cpus().length, loadBefore: loadavg() }
  readonly #budgets: { readonly what: string; readonly measured: number; readonly most: number; readonly unit: string }[] = []
  readonly #figures: Record<string, unknown> = {}

  begin(): void {
    const { node, cpu, cores, loadBefore } = this.#environment
    console.log(`Node ${node}, ${cores} × ${cpu}, load average ${loadBefore.map((each) => each.toFixed(1)).join(' ')}`)
  }

  /** A figure of the protocol's budgets. */
  budget(what: string, measured: number, most: number, unit: string): void {
    this.#budgets.push({ what, measured, most, unit })
  }

  /** A table for people, and the same for programs. */
  show(title: string, rows: readonly (readonly string[])[], figures: unknown): void {
    console.log(`\n${title}\n\n${table(rows)}`)
    this.#figures[title] = figures
  }

  end(json: string | undefined): void {
    const rows = this.#budgets.map(({ what, measured, most, unit }) => {
      return [what, `${measured.toFixed(2)} ${unit}`, `${most} ${unit}`, measured <= most ? 'kept' : 'NOT KEPT']
    })
    if (rows.length > 0) console.log(`\nBudgets\n\n${table([['', 'measured', 'at most', ''], ...rows])}`)
    const shareOfOthers = this.#shareOfOthers()
    const doubt = shareOfOthers > 0.05 ? ': too much for these figures to be trusted' : ''
    console.log(`\nOther processes took ${(shareOfOthers * 100).toFixed(0)} % of the machine${doubt}.`)
    if (json === undefined) return
    const told = { ...this.#environment, loadAfter: loadavg(), shareOfOthers, budgets: this.#budgets, figures: this.#figures }
    writeFileSync(json, `${JSON.stringify(told, null, 1)}\n`)
  }
}

/** Of delays in milliseconds: what most of them are not above. */
export interface Spread {
  readonly count: number
  readonly p50: number
  readonly p99: number
  readonly most: number
}

export function spreadOf(all: readonly number[]): Spread {
  return { count: all.length, p50: quantile(all, 0.5), p99: quantile(all, 0.99), most: quantile(all, 1) }
}

/** For a row of a table. */
export function cells({ count, p50, p99, most }: Spread): string[] {
  return [String(count), ...[p50, p99, most].map((each) => each.toFixed(2))]
}

export const spreadHead = ['count', 'p50 ms', 'p99 ms', 'most ms']
