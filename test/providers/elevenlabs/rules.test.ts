import { describe, expect, it } from 'vitest'
import { elevenlabs } from '../../../providers/elevenlabs/index.ts'
import { Lines } from '../../../providers/elevenlabs/lines.ts'
import { Timeline } from '../../../providers/elevenlabs/timeline.ts'
import { speakable } from '../../../providers/elevenlabs/words.ts'
import type { SttOptions, TtsOptions } from '../../../providers/speech.ts'

const fine: TtsOptions = { voice: '21m00Tcm4TlvDq8ikWAM', format: { encoding: 'pcm', rate: 24_000 } }

describe('what cannot be spoken is told before anything is sent', () => {
  const flash = 'eleven_flash_v2_5'
  it.each<[what: string, model: string, changes: Partial<TtsOptions>, codes: string[]]>([
    ['all is well', flash, {}, []],
    ['all that there is', flash, { language: 'de-AT', speed: 1.2, alignment: true }, []],
    ['a name for a voice', flash, { voice: 'Rachel' }, ['invalid_voice']],
    ['a path for a voice', flash, { voice: '../../v1/user?x=12345' }, ['invalid_voice']],
    ['another rate', flash, { format: { encoding: 'pcm', rate: 96_000 } }, ['unsupported_format']],
    ['MP3', flash, { format: { encoding: 'mp3' } }, []],
    ['too fast', flash, { speed: 1.3 }, ['unsupported_speed']],
    ['not a number', flash, { speed: Number.NaN }, ['unsupported_speed']],
    ['the usual speed and volume', 'eleven_v3', { speed: 1, volume: 1 }, []],
    ['a speed for v3', 'eleven_v3', { speed: 1.1 }, ['unsupported_speed']],
    ['a volume', flash, { volume: 1.5 }, ['unsupported_volume']],
    ['an emotion', flash, { emotion: 'happy' }, ['unsupported_emotion']],
    ['a language it lacks', flash, { language: 'fa' }, ['unsupported_language']],
    ['the same for v3', 'eleven_v3', { language: 'fa' }, []],
    ['a language where none is heeded', 'eleven_multilingual_v2', { language: 'en' }, ['unsupported_language']],
    ['the only language there is', 'eleven_flash_v2', { language: 'en-GB' }, []],
    ['Tagalog, Bokmål, Mandarin', flash, { language: 'tl' }, []],
    ['written Norwegian', flash, { language: 'nb-NO' }, []],
    ['no language', flash, { language: 'not a tag' }, ['unsupported_language']],
    ['a model that is not known', 'eleven_v9', { language: 'fa' }, []],
    [
      'all of it',
      'eleven_v3',
      { voice: '', speed: 2, volume: 2, emotion: 'sad', language: '!' },
      ['invalid_voice', 'unsupported_language', 'unsupported_speed', 'unsupported_volume', 'unsupported_emotion'],
    ],
  ])('%s', (_, model, changes, codes) => {
    expect(elevenlabs.tts?.check?.({ ...fine, ...changes }, model).map(({ code }) => code)).toEqual(codes)
  })
})

describe('what cannot be listened for is told before anything is sent', () => {
  const plain: SttOptions = { hints: [] }
  it.each<[what: string, model: string, changes: Partial<SttOptions>, issues: [string, string][]]>([
    ['nothing', 'scribe_v2', {}, []],
    ['hints', 'scribe_v2', { hints: ['Kubernetes', 'five words are fine here'] }, []],
    ['hints for the first Scribe', 'scribe_v1', { hints: ['Kubernetes'] }, [['hints', 'unsupported_hints']]],
    ['too many', 'scribe_v2', { hints: Array.from({ length: 1001 }, () => 'a') }, [['hints', 'unsupported_hints']]],
    [
      'wrong ones',
      'scribe_v2',
      { hints: ['fine', '<b>', 'a b c d e f', 'x'.repeat(50), ' '] },
      [
        ['hints[1]', 'unsupported_hints'],
        ['hints[2]', 'unsupported_hints'],
        ['hints[3]', 'unsupported_hints'],
        ['hints[4]', 'unsupported_hints'],
      ],
    ],
    ['a language it knows', 'scribe_v2', { language: 'hi-IN' }, []],
    ['a language it does not', 'scribe_v2', { language: 'tlh' }, [['language', 'unsupported_language']]],
  ])('%s', (_, model, changes, issues) => {
    const found = elevenlabs.stt?.check?.({ ...plain, ...changes }, model) ?? []
    expect(found.map(({ field, code }) => [field, code])).toEqual(issues)
  })
})

describe('times', () => {
  const piece = (starts: readonly number[]) => ({
    characters: starts.map(() => 'a'),
    startMs: starts,
    durationMs: starts.map(() => 100),
  })

  it('are put behind each other where each piece counts from its own beginning', () => {
    const timeline = new Timeline(fine.format)
    expect(timeline.place(piece([0, 100]), 0).startMs).toEqual([0, 100])
    expect(timeline.place(piece([0, 100]), 250).startMs).toEqual([250, 350])
    expect(timeline.place(piece([20]), undefined).startMs).toEqual([470])
  })

  it('are left as they are where all count from the beginning of the sound', () => {
    const timeline = new Timeline(fine.format)
    timeline.place(piece([0, 100]), 0)
    expect(timeline.place(piece([200, 300]), 200).startMs).toEqual([200, 300])
    expect(timeline.place(piece([400]), undefined).startMs).toEqual([400])
  })

  it('never go back', () => {
    const timeline = new Timeline(fine.format)
    timeline.place(piece([0, 100]), 0)
    expect(timeline.place(piece([190, 150]), 200).startMs).toEqual([200, 200])
  })
})

describe('a text is sent by whole words', () => {
  it.each([
    ['Hel', ['', 'Hel']],
    ['Hello wor', ['Hello ', 'wor']],
    ['Hello world.\n', ['Hello world.\n', '']],
    ['你好世', ['你好世', '']],
    ['สวัสดี a', ['สวัสดี ', 'a']],
    ['x'.repeat(65), ['x'.repeat(65), '']],
  ])('%j', (text, parts) => {
    expect(speakable(text)).toEqual(parts)
  })
})

describe('lines', () => {
  it('are the same however they are cut', () => {
    const bytes = Buffer.from('{"a":1}\n\n{"b":"ü"}\r\n{"c":3}')
    for (let size = 1; size <= bytes.length; size++) {
      const lines = new Lines(100)
      const found: string[] = []
      for (let at = 0; at < bytes.length; at += size) found.push(...(lines.push(bytes.subarray(at, at + size)) ?? ['too long']))
      expect([...found, lines.end()]).toEqual(['{"a":1}', '{"b":"ü"}', '{"c":3}'])
    }
  })

  it('are bounded', () => {
    const lines = new Lines(4)
    expect(lines.push(Buffer.from('1234'))).toEqual([])
    expect(lines.push(Buffer.from('5'))).toBeUndefined()
  })
})
