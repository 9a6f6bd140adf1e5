import { describe, expect, it } from 'vitest'
import { replayTrace } from '../../../../plugins/live/recording/replay.ts'
import { reduceLive } from '../../../../plugins/live/reduce.ts'
import { linesOf, live } from './recorded.ts'

const count = 200
/** One in which much happens. */
const lived = Array.from({ length: count }, (_, seed) => live(seed)).reduce((one, other) =>
  other.steps.length > one.steps.length ? other : one,
)
const lines = linesOf(lived)

const without = (index: number): string[] => lines.filter((_, each) => each !== index)
const indexOf = (text: string): number => lines.findIndex((line) => line.includes(text))

function reversed(line: string): string {
  const { effects } = JSON.parse(line)
  return effects ? JSON.stringify({ effects: effects.reverse() }) : line
}

describe('a recording that is played again', () => {
  it('has the same effects, whatever happened', async () => {
    for (let seed = 0; seed < count; seed++) {
      const session = live(seed)
      const replay = await replayTrace(linesOf(session), reduceLive)
      expect(replay, `seed ${seed}`).toMatchObject({
        same: true,
        steps: session.steps.length,
        differences: [],
        brokenOff: undefined,
      })
    }
  }, 60_000)

  it('is told of step after step, as it was', async () => {
    const steps: unknown[] = []
    const { header } = await replayTrace(lines, reduceLive, {
      step: ({ input, replayed, isSame }) => void steps.push({ input, effects: replayed, isSame }),
    })
    expect(JSON.stringify(steps)).toBe(JSON.stringify(lived.steps.map((step) => ({ ...step, isSame: true }))))
    expect(header).toMatchObject({ session: 'live_01TEST', gateway: '1.2.3', began_at: '2026-12-31T23:59:58.000Z' })
    expect(header.rules).toEqual(lived.session.plan.rules)
    expect(header.models).toEqual({ model: 'demo/echo', stt: 'demo/meter', tts: 'demo/tones', voice: 'demo/tones' })
  })

  it.each<[string, () => string[]]>([
    ['effects are missing', () => without(indexOf('"effects"'))],
    ['effects are others', () => lines.map((line) => line.replace('"state":"listening"', '"state":"idle"'))],
    ['effects came in another order', () => lines.map(reversed)],
    ['something else happened', () => without(indexOf('"type":"stream"'))],
    ['the rules are others', () => lines.map((line) => line.replace('"silenceMs":600', '"silenceMs":50'))],
  ])('is not the same where %s', async (_, changed) => {
    const text = changed()
    expect(text).not.toEqual(lines)
    // Effects of an input that is not there are those of the one before, of which the first has none before it.
    const replay = await replayTrace(
      text.filter((line, index) => index !== 1 || line.includes('"input"')),
      reduceLive,
    )
    expect(replay.same).toBe(false)
    expect(replay.differing).toBeGreaterThan(0)
    expect(replay.differences[0]).toMatchObject({ isSame: false, line: expect.any(Number) })
  })

  it('tells of a few differences, however many there are', async () => {
    const replay = await replayTrace(
      lines.map((line) => line.replace('[{"type":"hear"}]', '[]')),
      reduceLive,
    )
    expect(replay.differing).toBeGreaterThan(20)
    expect(replay.differences).toHaveLength(20)
  })

  it('knows rules that are newer than the recording by what they usually are', async () => {
    const older = lines.map((line) => line.replace(/"finalMs":\d+,/, '').replace(/"filler":null,/, ''))
    expect(older[0]).not.toBe(lines[0])
    const replay = await replayTrace(older, reduceLive)
    expect(replay.header.rules).toEqual(lived.session.plan.rules)
    expect(replay.same).toBe(true)
  })

  it.each([
    ['after a line', (text: string) => text],
    ['within a line', (text: string) => text.slice(0, -7)],
  ])('may break off %s, anywhere', async (_, cut) => {
    for (let kept = 1; kept < 60; kept++) {
      const text = lines.slice(0, kept + 1)
      text.push(cut(text.pop() ?? ''))
      const replay = await replayTrace(text, reduceLive)
      expect(replay).toMatchObject({ same: true, brokenOff: 'it breaks off' })
    }
  })

  it('may have stopped, and says why', async () => {
    const middle = indexOf('"type":"run-start"')
    const replay = await replayTrace([...lines.slice(0, middle), '{"stopped":"too large"}'], reduceLive)
    expect(replay).toMatchObject({ same: true, brokenOff: 'too large' })
  })

  it('may hold sound, which is passed over', async () => {
    const sound = '{"sound":{"audio_ms":0,"data_b64":"AAA="}}'
    const replay = await replayTrace(
      lines.flatMap((line, index) => (index === 0 ? [line] : [line, ...(index % 9 ? [] : [sound])])),
      reduceLive,
    )
    expect(replay).toMatchObject({ same: true, steps: lived.steps.length })
  })
})

describe('what is no recording', () => {
  const [header = '', input = ''] = lines

  it.each<[string, readonly string[], string]>([
    ['nothing', [], 'this is no recording of a live session: it is empty'],
    ['text', ['hello'], 'this is no recording of a live session'],
    ['other JSON', ['{"a":1}'], 'this is no recording of a live session'],
    ['a later format', ['{"trace":"vai-live","version":2}'], 'its format is version 2; this program reads version 1'],
    ['a beginning without rules', ['{"trace":"vai-live","version":1}'], 'its first line does not say what the session was'],
    [
      'wrong rules',
      [header.replace('"silenceMs":600', '"silenceMs":"long"')],
      'its first line does not say what the session was',
    ],
    ['a broken line in the middle', [header, '{"input":', input], 'line 2: this is not JSON'],
    ['a line of something else', [header, '{"a":1}', input], 'line 2: this is no line of a recording'],
    ['an unknown input', [header, '{"input":{"at":1,"type":"dance"}}', input], 'line 2: this is no line of a recording'],
    ['an input without a time', [header, '{"input":{"type":"tick"}}', input], 'line 2: this is no line of a recording'],
    ['effects of nothing', [header, '{"effects":[]}', input], 'line 2: these are effects of nothing'],
    ['something after the end', [header, '{"end":true}', input], 'line 3: there is more after the end'],
    [
      'an input that no rule can take',
      [header, '{"input":{"at":1,"type":"greeting"}}', '{"end":true}'],
      'line 2: this input cannot be played',
    ],
  ])('%s, is told to be none', async (_, text, words) => {
    await expect(replayTrace(text, reduceLive)).rejects.toThrow(words)
    await expect(replayTrace(text, reduceLive)).rejects.toHaveProperty('name', 'TraceError')
  })
})
