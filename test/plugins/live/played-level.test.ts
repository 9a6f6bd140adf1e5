import { describe, expect, it } from 'vitest'
import { PlayedLevel } from '../../../plugins/live/played-level.ts'

const nothing = Number.NEGATIVE_INFINITY

describe('how loud the assistant is', () => {
  it('is known piece by piece, a little after each was given out', () => {
    const level = new PlayedLevel(50)
    expect(level.now(0)).toBe(nothing)
    level.gaveOut(100, 200, -20)
    level.gaveOut(110, 100, -30)
    const at = [100, 149, 150, 349, 350, 449, 450, 1000].map((time) => level.now(time))
    expect(at).toEqual([nothing, nothing, -20, -20, -30, -30, nothing, nothing])
  })

  it('is nothing where the sound has a gap', () => {
    const level = new PlayedLevel(50)
    level.gaveOut(0, 100, -20)
    level.gaveOut(300, 100, -25)
    expect([100, 200, 349, 350].map((time) => level.now(time))).toEqual([-20, nothing, nothing, -25])
  })

  it('is nothing soon after the player was told to stop, and begins anew after that', () => {
    const level = new PlayedLevel(50)
    for (let piece = 0; piece < 10; piece++) level.gaveOut(0, 100, -20 - piece)
    expect(level.now(149)).toBe(-20)
    level.stopped(200)
    expect([200, 249, 250, 600].map((time) => level.now(time))).toEqual([-21, -21, nothing, nothing])
    level.gaveOut(700, 100, -5)
    expect([749, 750, 849, 850].map((time) => level.now(time))).toEqual([nothing, -5, -5, nothing])
  })

  it('of what had not begun is never heard where it was stopped at once', () => {
    const level = new PlayedLevel(50)
    level.gaveOut(100, 1000, -20)
    level.stopped(100)
    expect([100, 150, 500].map((time) => level.now(time))).toEqual([nothing, nothing, nothing])
    level.stopped(500)
    level.gaveOut(600, 10, -20)
    expect(level.now(655)).toBe(-20)
  })

  it('takes no more memory however much is given out', () => {
    const level = new PlayedLevel(0)
    for (let piece = 0; piece < 5000; piece++) level.gaveOut(0, 10, -(piece % 90))
    // The oldest were forgotten: the newest are what counts once they are played.
    expect(level.now(49_995)).toBe(-(4999 % 90))
    expect(level.now(50_000)).toBe(nothing)
  })
})
