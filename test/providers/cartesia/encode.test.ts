import { describe, expect, it } from 'vitest'
import { turnsQuery, wantsTurns } from '../../../providers/cartesia/encode.ts'
import type { TurnOptions } from '../../../providers/speech.ts'

describe('the thresholds of a turn', () => {
  const asked: readonly (readonly [options: TurnOptions, query: Record<string, string>])[] = [
    [{}, {}],
    [{ endThreshold: 0.8 }, { end: '0.2' }],
    [{ endThreshold: 0.7 }, { end: '0.3' }],
    [{ eagerThreshold: 0.6 }, { eager: '0.4' }],
    // Outside of what the vendor takes is the nearest inside.
    [
      { endThreshold: 1, eagerThreshold: 0, silenceMs: 100 },
      { eager: '0.6', end: '0.05', timeout: '640' },
    ],
    [{ silenceMs: 60_000 }, { timeout: '11200' }],
    // The end stays below what foretells it.
    [{ endThreshold: 0.5 }, { eager: '0.55', end: '0.5' }],
    [
      { endThreshold: 0.5, eagerThreshold: 0.7 },
      { eager: '0.3', end: '0.25' },
    ],
  ]
  it.each(asked)('are asked for as the vendor counts them: %o', (options, expected) => {
    const query = turnsQuery('ink-2', { encoding: 'pcm', rate: 16_000 }, { hints: [], ...options }).slice(3)
    const names: Record<string, string> = {
      turn_eager_end_threshold: 'eager',
      turn_end_threshold: 'end',
      turn_end_timeout_ms: 'timeout',
    }
    expect(Object.fromEntries(query.map(([name, value]) => [names[name] ?? name, value]))).toEqual(expected)
  })

  it('are a wish for turns, which only Ink 2 has, in English', () => {
    expect(wantsTurns('ink-2', { hints: [], endThreshold: 0.5 })).toBe(true)
    expect(wantsTurns('ink-2', { hints: [], eagerThreshold: 0.5, language: 'en-US' })).toBe(true)
    expect(wantsTurns('ink-2', { hints: [], silenceMs: 500 })).toBe(false)
    expect(wantsTurns('ink-2', { hints: [], endThreshold: 0.5, language: 'de' })).toBe(false)
    expect(wantsTurns('ink-whisper', { hints: [], endThreshold: 0.5 })).toBe(false)
  })
})
