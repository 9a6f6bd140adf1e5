import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { pcmToMulaw } from '../../audio/g711.ts'
import { startResampling } from '../../audio/resample.ts'
import { parseWav, pcmOfWav } from '../../audio/wav.ts'
import type { RawFormat } from '../../providers/speech.ts'
import { missing, titled } from '../programs.ts'
import { type Stage, startStage } from './stage.ts'

/** Speech that another program has made goes through the whole pipe: it is heard, it ends a turn, and it interrupts. */

const folder = mkdtempSync(join(tmpdir(), 'vai-live-speech-'))
afterAll(() => rmSync(folder, { recursive: true }))
let stage: Stage
afterEach(async () => {
  await stage.close()
})

const noEspeak = missing('espeak-ng')
const answer =
  'This is a long answer, which somebody interrupts in the middle of it. It has several sentences. All of them are long enough to be interrupted.'

async function spoken(text: string, { encoding, rate }: RawFormat, voice = 'en'): Promise<Buffer> {
  const file = join(folder, 'said.wav')
  execFileSync('espeak-ng', ['-v', voice, '-w', file, text], { timeout: 20_000 })
  const wav = parseWav(readFileSync(file))
  const resampler = (await startResampling())(wav.rate, rate)
  const pcm = Buffer.concat([resampler.push(pcmOfWav(wav)), resampler.flush()])
  resampler.close()
  return Buffer.from(encoding === 'mulaw' ? pcmToMulaw(pcm) : pcm)
}

describe.skipIf(noEspeak)(titled('what espeak-ng says', noEspeak), () => {
  it.each<[string, string, string, RawFormat]>([
    ['English', 'en', 'What time does the train to Berlin leave tomorrow?', { encoding: 'pcm', rate: 16_000 }],
    ['German', 'de', 'Wann fährt morgen der Zug nach Berlin?', { encoding: 'pcm', rate: 44_100 }],
    ['English on the telephone', 'en', 'What time does the train leave?', { encoding: 'mulaw', rate: 8000 }],
  ])('is one question, and interrupts the answer at once: %s', async (_, voice, text, audioIn) => {
    stage = await startStage({ answers: [{ say: answer }, { say: 'All right.' }] })
    const talk = await stage.talk({ hears: 'demo/meter', audioIn, turn: { grace_ms: 0, interruption: 'energy' } })
    const question = await spoken(text, audioIn, voice)
    talk.person.play(question)
    await stage.time.until(() => !talk.person.isSpeaking)
    const endedAt = stage.time.now
    await talk.told('assistant_audio_start')
    expect(stage.model.asked).toHaveLength(1)
    expect(stage.model.asked[0]?.[0]).toMatch(/^user: .*\d\.\d seconds/)
    // The silence that ends a turn, and next to nothing besides.
    expect(stage.time.now - endedAt).toBeLessThan(1000)

    await talk.heard('in the middle of it.')
    const before = talk.player.current?.playedMs ?? 0
    talk.person.play(await spoken('Stop, please! I have heard enough.', audioIn, voice))
    await talk.told('audio_reset')
    expect((talk.player.segments[0]?.playedMs ?? 0) - before).toBeLessThan(500)
    const turn = await talk.turnOver()
    expect(turn).toMatchObject({ type: 'turn_complete', stop_reason: 'barge_in' })
    const heard = turn.type === 'turn_complete' ? turn.played_text.trim() : ''
    expect(heard).toBe(talk.player.textOf('turn_1'))
    expect(await talk.turnOver(2)).toMatchObject({ played_text: 'All right.' })
    expect(stage.model.asked[1]?.[1]).toBe(`says: ${heard}`)
    expect(await stage.leftovers()).toEqual([])
  })
})
