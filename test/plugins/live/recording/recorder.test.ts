import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../../api/clock.ts'
import { folderProblem } from '../../../../plugins/live/recording/folder.ts'
import { Recorder, type RecorderOptions } from '../../../../plugins/live/recording/recorder.ts'
import { replayTrace } from '../../../../plugins/live/recording/replay.ts'
import { reduceLive } from '../../../../plugins/live/reduce.ts'
import { linesOf, live, tracedSession } from './recorded.ts'

let folder: string
const told: object[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vai-traces-'))
  told.length = 0
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

function recorderFor(options: Partial<RecorderOptions> = {}): Recorder {
  const log = { debug: () => undefined, warn: (fields: object) => void told.push(fields) }
  return new Recorder({ folder, session: tracedSession(), withSound: false, clock: systemClock, log, ...options })
}

const linesIn = (recorder: Recorder): string[] => readFileSync(recorder.path, 'utf8').split('\n')
const noise = new Uint8Array([1, 2, 3, 4]).subarray(1, 3)

describe('a session that is recorded', () => {
  it('is in a file for its owner alone, and plays again', async () => {
    const lived = live(3)
    const recorder = recorderFor({ session: lived.session })
    for (const { input, effects } of lived.steps) {
      recorder.input(input)
      recorder.effects(effects)
    }
    const messages = [{ role: 'user' as const, content: 'Hello.' }]
    recorder.canonical(messages)
    await recorder.close()
    recorder.canonical(messages)
    expect(readdirSync(folder)).toEqual(['live_01TEST.20261231T235958Z.jsonl'])
    expect(statSync(recorder.path).mode & 0o777).toBe(0o600)
    const lines = linesIn(recorder)
    expect(lines.pop()).toBe('')
    expect(lines.toSpliced(-2, 1)).toEqual(linesOf(lived))
    expect(lines.at(-2)).toBe(JSON.stringify({ canonical: messages }))
    expect(await replayTrace(lines, reduceLive)).toMatchObject({ same: true, steps: lived.steps.length, brokenOff: undefined })
    expect(told).toEqual([])
  })

  it('says nothing of the system prompt, of keys and of what was said before', async () => {
    const session = tracedSession()
    const asking = { ...session.plan.asking, system: 'planted-system', serverToolConfig: { search: { key: 'planted-key' } } }
    const plan = {
      ...session.plan,
      asking,
      messages: [{ role: 'user', content: 'planted-message' }],
      greeting: 'planted-greeting',
    }
    const recorder = recorderFor({ session: { ...session, plan } })
    await recorder.close()
    expect(readFileSync(recorder.path, 'utf8')).not.toContain('planted')
  })

  it.each([
    [true, ['{"sound":{"audio_ms":40,"data_b64":"AgM="}}']],
    [false, []],
  ])('has its sound where that is asked for (%s)', async (withSound, expected) => {
    const recorder = recorderFor({ withSound })
    recorder.sound(noise, 40)
    await recorder.close()
    expect(linesIn(recorder).slice(1, -2)).toEqual(expected)
  })

  it('has a file of its own, whatever stands there already, and whatever its name', async () => {
    const first = recorderFor({ session: { ...tracedSession(), session: '../../etc/x' } })
    await first.close()
    expect(readdirSync(folder)).toEqual(['______etc_x.20261231T235958Z.jsonl'])
    const taken = join(folder, 'live_01TEST.20261231T235958Z.jsonl')
    writeFileSync(taken, 'mine')
    await recorderFor().close()
    expect(readFileSync(taken, 'utf8')).toBe('mine')
    expect(told).toEqual([{ session_id: 'live_01TEST', why: 'EEXIST' }])
  })

  it.each<[string, RecorderOptions['limits'], string]>([
    ['the file is as large as it may be', { fileBytes: 20_000 }, 'too large'],
    ['the disk is too slow', { waitingBytes: 20_000 }, 'too slow'],
  ])('is recorded no further where %s, and goes on', async (_, limits, why) => {
    const recorder = recorderFor({ ...(limits && { limits }) })
    // All at once, as for a disk that stands still.
    for (let at = 0; at < 1000; at++) recorder.input({ at, type: 'frame', bytes: 640, ms: 20 })
    recorder.effects([{ type: 'hear' }])
    await recorder.close()
    const lines = linesIn(recorder)
    expect(lines.at(-2)).toBe(`{"stopped":"${why}"}`)
    expect(lines.length).toBeGreaterThan(100)
    expect(statSync(recorder.path).size).toBeLessThan(21_000)
    expect(told).toEqual([{ session_id: 'live_01TEST', why }])
    expect(await replayTrace(lines.slice(0, -1), reduceLive)).toMatchObject({ brokenOff: why })
  })

  it('is not recorded where the folder has gone, and goes on', async () => {
    rmSync(folder, { recursive: true })
    const recorder = recorderFor()
    recorder.input({ at: 0, type: 'tick' })
    await recorder.close()
    expect(told).toEqual([{ session_id: 'live_01TEST', why: 'ENOENT' }])
    recorder.input({ at: 1, type: 'tick' })
    await recorder.close()
  })

  it('is over where it was closed', async () => {
    const recorder = recorderFor({ withSound: true })
    const closing = recorder.close()
    recorder.input({ at: 0, type: 'tick' })
    recorder.effects([{ type: 'hear' }])
    recorder.sound(noise, 0)
    await Promise.all([closing, recorder.close()])
    expect(linesIn(recorder).slice(1)).toEqual(['{"end":true}', ''])
  })
})

describe('a folder for recordings', () => {
  it('is good where it is there', () => {
    expect(folderProblem(folder)).toBeUndefined()
  })

  it('is named where it is none', () => {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    expect(folderProblem(file)).toBe(`${file} is no folder`)
    expect(folderProblem(join(folder, 'none'))).toBe(`there is no folder ${join(folder, 'none')}`)
    expect(folderProblem(join(file, 'x'))).toBe(`${join(file, 'x')} cannot be written to: ENOTDIR`)
  })
})
