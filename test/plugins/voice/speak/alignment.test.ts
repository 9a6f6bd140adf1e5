import { expect, it } from 'vitest'
import { joined, shifted, told, withoutFirst } from '../../../../plugins/voice/speak/alignment.ts'
import { Playback } from '../../../../plugins/voice/speak/playback.ts'
import type { Alignment } from '../../../../providers/speech.ts'

const characters: Alignment = {
  kind: 'char',
  tokens: [...'Hi you'],
  startMs: [0, 10, 20, 30, 40, 50],
  durationMs: [10, 10, 10, 10, 10, 15],
}
const words: Alignment = { kind: 'word', tokens: ['So', 'be', 'it'], startMs: [0, 20, 40], durationMs: [20, 15, 20] }

it('puts stretches of one kind together as they are', () => {
  expect(joined([])).toBeUndefined()
  expect(joined([words])).toBe(words)
  expect(joined([words, shifted(words, 100)])).toEqual({
    kind: 'word',
    tokens: ['So', 'be', 'it', 'So', 'be', 'it'],
    startMs: [0, 20, 40, 100, 120, 140],
    durationMs: [20, 15, 20, 20, 15, 20],
  })
})

it('tells of words alone where some stretches tell of characters', () => {
  expect(joined([characters, shifted(words, 70)])).toEqual({
    kind: 'word',
    tokens: ['Hi', 'you', 'So', 'be', 'it'],
    startMs: [0, 30, 70, 90, 110],
    durationMs: [20, 35, 20, 15, 20],
  })
})

it('leaves out what was told before', () => {
  expect(withoutFirst(words, 0)).toBe(words)
  expect(withoutFirst(words, 2)).toEqual({ kind: 'word', tokens: ['it'], startMs: [40], durationMs: [20] })
  expect(withoutFirst(words, 3)).toBeUndefined()
})

it('is told in the words of the contract, to the microsecond', () => {
  expect(told(shifted({ kind: 'word', tokens: ['a'], startMs: [1 / 3], durationMs: [2 / 3] }, 1))).toEqual({
    kind: 'word',
    tokens: ['a'],
    start_ms: [1.333],
    dur_ms: [0.667],
  })
})

it('hears a gap wherever sound comes later than what was there lasts', () => {
  const playback = new Playback()
  playback.add(1000, 100)
  playback.add(1050, 100)
  playback.add(1200, 50)
  expect([playback.gaps, playback.waitedSeconds]).toEqual([0, 0])
  playback.add(1400, 100)
  playback.add(1510, 100)
  expect([playback.gaps, playback.waitedSeconds]).toEqual([2, 0.16])
})
