import { expect, it } from 'vitest'
import { isLow, lowAt, openEpoch, withSound } from '../../../plugins/live/playback.ts'
import { defaultRules } from '../../../plugins/live/rules.ts'

it('when little is left to play, it is so by the reckoning of whoever asks then, however fractions are rounded', () => {
  const rules = { ...defaultRules, marks: false }
  const wrong: number[] = []
  for (let samples = 0; samples < 1000; samples++) {
    let epoch = openEpoch(1, 0, 0)
    for (let piece = 0; piece < 9; piece++) epoch = withSound(epoch, 180 + samples / 48, 4000 + piece / 10, rules)
    const at = lowAt(epoch, rules) ?? 0
    if (!isLow(epoch, at, rules) || isLow(epoch, at - 2, rules)) wrong.push(samples)
  }
  expect(wrong).toEqual([])
})
