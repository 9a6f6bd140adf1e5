import { describe, expect, it } from 'vitest'
import type { RawFormat } from '../../providers/speech.ts'
import { bytesOfMs, bytesPerSecond, msOfBytes, silenceOf } from '../../providers/speech-format.ts'
import { bytesOfBase64, gap, msOfSeconds, wordOf } from '../../providers/speech-messages.ts'

describe('Base64', () => {
  it.each([0, 1, 2, 3, 4, 1000])('is decoded, of %i bytes', (length) => {
    const bytes = Buffer.alloc(length, 0xa7)
    expect(bytesOfBase64(bytes.toString('base64'))).toEqual(bytes)
    expect(bytesOfBase64(bytes.toString('base64').replace(/=+$/, ''))).toEqual(bytes)
  })

  it.each(['AA?A', 'AAAAA', '{"no": 1}', 'A', 'AA AA'])('is not %j', (text) => {
    expect(bytesOfBase64(text)).toBeUndefined()
  })
})

describe('a word', () => {
  it('has its times in whole milliseconds', () => {
    expect(wordOf(' Hi. ', 0.1204, 0.5, 0.9)).toEqual({ text: 'Hi.', startMs: 120, endMs: 500, confidence: 0.9 })
  })

  it('never ends before it begins, and is certain from 0 to 1', () => {
    expect(wordOf('Hi', 2, 1, 7)).toEqual({ text: 'Hi', startMs: 2000, endMs: 2000 })
  })

  it.each([
    ['letters', '  ', 0, 1],
    ['a beginning', 'Hi', undefined, 1],
    ['an end', 'Hi', 0, Number.NaN],
    ['a time that is one', 'Hi', -1, 1],
  ])('is none without %s', (_, text, start, end) => {
    expect(wordOf(text, start, end)).toBeUndefined()
  })

  it('knows no time but numbers', () => {
    expect([msOfSeconds('1'), msOfSeconds(Number.POSITIVE_INFINITY), msOfSeconds(1.0005)]).toEqual([undefined, undefined, 1001])
  })
})

describe('between two stretches of a transcript', () => {
  it.each([
    ['Good day.', 'And you?', ' '],
    ['', 'And you?', ''],
    ['Good day.', '', ''],
    ['你好', '世界', ''],
    ['你好。', 'Good day.', ''],
    ['Good day.', '你好', ' '],
    ['สวัสดี', 'ครับ', ''],
    ['𠀋', '𠀋', ''],
    ['안녕하세요', '여러분', ' '],
  ])('%j and %j there is %j', (before, after, between) => {
    expect(gap(before, after)).toBe(between)
  })
})

describe('raw sound', () => {
  const formats: RawFormat[] = [
    { encoding: 'pcm', rate: 24_000 },
    { encoding: 'pcm', rate: 22_050 },
    { encoding: 'mulaw', rate: 8000 },
  ]
  it.each(formats)('has as many bytes as its time has samples: %o', (format) => {
    expect(bytesOfMs(1000, format)).toBe(bytesPerSecond(format))
    expect(msOfBytes(bytesPerSecond(format) / 2, format)).toBe(500)
    expect(bytesOfMs(1, format) % (format.encoding === 'pcm' ? 2 : 1)).toBe(0)
  })

  it('is silent in the middle of its range', () => {
    expect(silenceOf(1, { encoding: 'pcm', rate: 8000 })).toEqual(new Uint8Array(16))
    expect(silenceOf(1, { encoding: 'mulaw', rate: 8000 })).toEqual(new Uint8Array(8).fill(0xff))
  })
})
