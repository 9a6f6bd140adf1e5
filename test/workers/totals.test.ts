import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { Totals } from '../../workers/totals.ts'

/** A worker's registry: a counter, a gauge and a histogram, each told the number once. */
async function measured(value: number) {
  const registers = [new Registry()]
  new Counter({ name: 'calls_total', help: 'Calls.', labelNames: ['route'], registers }).inc({ route: 'a' }, value)
  new Gauge({ name: 'open', help: 'Open.', registers }).set(value)
  new Histogram({ name: 'seconds', help: 'Seconds.', buckets: [10, 100], registers }).observe(value)
  return registers[0]?.getMetricsAsJSON() ?? []
}

function valuesIn(text: string): Record<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return Object.fromEntries(lines.map((line) => [line.split(' ')[0] ?? '', Number(line.split(' ')[1])]))
}

describe('the metrics of several workers', () => {
  it('are sums', async () => {
    const totals = new Totals<string>()
    totals.keep('a', await measured(3))
    totals.keep('b', await measured(40))
    expect(valuesIn(await totals.text(new Set(['a', 'b'])))).toEqual({
      'calls_total{route="a"}': 43,
      open: 43,
      'seconds_bucket{le="10"}': 1,
      'seconds_bucket{le="100"}': 2,
      'seconds_bucket{le="+Inf"}': 2,
      seconds_sum: 43,
      seconds_count: 2,
    })
  })

  it('keep what grows of workers that do not answer and that are gone, and nothing else', async () => {
    const totals = new Totals<string>()
    for (const name of ['a', 'b', 'c', 'd']) totals.keep(name, await measured(5))
    totals.keep('a', await measured(7))
    totals.end('a')
    totals.end('b')
    totals.end('never seen')
    const values = valuesIn(await totals.text(new Set(['c'])))
    expect(values).toMatchObject({ 'calls_total{route="a"}': 22, open: 5, seconds_count: 4, seconds_sum: 22 })
    totals.end('c')
    totals.end('d')
    expect(valuesIn(await totals.text(new Set()))).toMatchObject({ 'calls_total{route="a"}': 22, seconds_count: 4 })
    expect(await totals.text(new Set())).not.toContain('open')
  })

  it('are none before there is a worker', async () => {
    expect((await new Totals<string>().text(new Set())).trim()).toBe('')
  })
})
