import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Script } from '../text/script.ts'
import { cpuSeconds, memory, watchOthers } from './processes.ts'
import { takeSample } from './soak/sample.ts'
import { nameOf, type Pace } from './voice/control.ts'
import { type Done, type Stage, startStage } from './voice/harness.ts'
import { type Lane, lanes, nativeLane, said, textLane, typed } from './voice/lanes.ts'
import { charactersPerSecond, piecesOf, secondsOf } from './voice/speech.ts'
import { median, megabytes, quantile, table } from './voice/table.ts'

/**
 * What it costs to hear and to speak: `npm run bench:voice`. The gateway as it is built stands between a client, a model and vendors of
 * speech that are processes of their own. Every sound is counted: what is lost voids the figures.
 */

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    part: { type: 'string', default: 'cpu,delay,hearing' },
    answers: { type: 'string', default: '1000' },
    streams: { type: 'string', default: '200' },
  },
})
const streams = Number(values.streams)
/** Milliseconds between two words, at a pace at which models write, and those of a vendor until its first sound. */
const wordMs = 40
const vendorMs = 100
const folder = mkdtempSync(join(tmpdir(), 'vai-voice-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
process.once('SIGTERM', () => process.exit(143))
process.once('SIGINT', () => process.exit(130))

const parts: Readonly<Record<string, (stage: Stage) => Promise<void>>> = { cpu, delay, hearing, memory: memoryOfAnswers }
async function main(names: readonly string[]): Promise<void> {
  const shareOfOthers = watchOthers()
  // A small cache is soon full, so that what it holds is not taken for what leaks.
  const stage = await startStage(folder, names.includes('memory') ? { VAI_TTS_CACHE_BYTES: String(4 * 1024 ** 2) } : {})
  await pause(1000)
  console.log(`resident memory before the first request: ${megabytes(memory(stage.gateway.pid).rss)} MB`)
  for (const name of names) {
    const part = parts[name]
    if (!part) throw new Error(`${name} is unknown; known are ${Object.keys(parts).join(', ')}`)
    await part(stage)
  }
  const { rss, peak } = memory(stage.gateway.pid)
  console.log(`\nresident memory at the end: ${megabytes(rss)} MB, at its highest: ${megabytes(peak)} MB`)
  await stage.stop()
  console.log(`other processes took ${(shareOfOthers() * 100).toFixed(1)} % of the machine`)
}

// ── CPU ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Answers one after the other, as fast as they go: what a second of sound costs the gateway. */
async function cpu(stage: Stage): Promise<void> {
  const [rounds, exchanges] = values.quick ? [2, 60] : [4, 200]
  const costs = new Map<Lane, { cpuMs: number; soundSeconds: number; chunks: number }[]>(lanes.map((lane) => [lane, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const lane of lanes) {
      const before = cpuSeconds(stage.gateway.pid)
      const done = await stage.run(atOnce, { body: lane.body, concurrency: 16, exchanges, isTimed: false })
      const cpuMs = ((cpuSeconds(stage.gateway.pid) - before) * 1000) / exchanges
      // The first round only warms up.
      if (round > 0)
        costs.get(lane)?.push({ cpuMs, soundSeconds: soundSecondsOf(done) / exchanges, chunks: chunksOf(done) / exchanges })
      checkWhole(lane, done)
    }
  }
  const of = (lane: Lane, pick: (cost: { cpuMs: number; soundSeconds: number; chunks: number }) => number): number =>
    median((costs.get(lane) ?? []).map(pick))
  const text = of(textLane, ({ cpuMs }) => cpuMs)
  const perSecond = (lane: Lane): number => (of(lane, ({ cpuMs }) => cpuMs) - text) / of(lane, ({ soundSeconds }) => soundSeconds)
  console.log(
    `\nCPU of the gateway, ${exchanges} answers by 16 at a time, vendors as fast as they are read, median of ${rounds} rounds\n`,
  )
  console.log(
    table([
      ['way', 'ms an answer', '× text', 's of sound', 'chunks', 'µs a second of sound', '× pcm'],
      ...lanes.map((lane) => {
        const cpuMs = of(lane, (cost) => cost.cpuMs)
        const row = [lane.name, cpuMs.toFixed(2), (cpuMs / text).toFixed(2)]
        if (!lane.soundBytes) return [...row, '', '', '', '']
        const micros = perSecond(lane) * 1000
        const more = [micros.toFixed(0), (perSecond(lane) / perSecond(nativeLane)).toFixed(2)]
        return [...row, of(lane, (cost) => cost.soundSeconds).toFixed(1), of(lane, ({ chunks }) => chunks).toFixed(0), ...more]
      }),
    ]),
  )
}

const atOnce: Pace = { textMs: 0, firstByteMs: 0, realTimeFactor: 0, pieceBytes: 4096 }

function soundSecondsOf({ made }: Done): number {
  let bytes = 0
  for (const { sentences } of made.values()) for (const { soundBytes } of sentences) bytes += soundBytes
  return secondsOf(bytes)
}

function chunksOf({ taken }: Done): number {
  return taken.reduce((sum, { chunks }) => sum + chunks, 0)
}

/** Throws where sound was lost or is there twice. */
function checkWhole({ name, soundBytes }: Lane, { taken, made }: Done): void {
  if (!soundBytes) return
  for (const exchange of taken) {
    const lengths = made.get(exchange.name)?.sentences.map((sentence) => sentence.soundBytes) ?? []
    const expected = soundBytes(lengths)
    if (lengths.length < 2 || exchange.soundBytes !== expected)
      throw new Error(`${name}: ${exchange.soundBytes} bytes of sound came, not ${expected}`)
  }
}

// ── Delay ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Many streams at once: how much later the first sound comes than model and vendor make it, and the text than without voice. */
async function delay(stage: Stage): Promise<void> {
  const trigger = firstSentenceAt()
  const rounds = values.quick ? 1 : 3
  const rows: string[][] = []
  for (const [name, textMs] of [
    ['at once', 0],
    [`a word each ${wordMs} ms`, wordMs],
  ] as const) {
    const pace = { textMs, firstByteMs: vendorMs, realTimeFactor: 1, pieceBytes: 4096 }
    const [text, voiced] = [textLane, nativeLane].map((lane) => ({
      lane,
      events: [] as number[],
      sounds: [] as number[],
      cpuSeconds: 0,
      soundSeconds: 0,
    }))
    if (!text || !voiced) return
    for (let round = 0; round <= rounds; round++) {
      for (const way of [text, voiced]) {
        const { lane, events, sounds } = way
        const before = cpuSeconds(stage.gateway.pid)
        const done = await stage.run(pace, { body: lane.body, concurrency: streams, exchanges: streams, isTimed: true })
        checkWhole(lane, done)
        // The first round only warms up.
        if (round === 0) continue
        way.cpuSeconds += cpuSeconds(stage.gateway.pid) - before
        way.soundSeconds += soundSecondsOf(done)
        events.push(...textDelays(done))
        if (lane.soundBytes) sounds.push(...soundDelays(done, trigger))
      }
    }
    const [p50, p99] = [0.5, 0.99].map((share) => [quantile(text.events, share), quantile(voiced.events, share)] as const)
    const [sound50, sound99] = [quantile(voiced.sounds, 0.5), quantile(voiced.sounds, 0.99)]
    const perSecond = ((voiced.cpuSeconds - text.cpuSeconds) / voiced.soundSeconds) * 1e6
    rows.push([name, ms(sound50), ms(sound99), ...(p50 ? delays(p50) : []), ...(p99 ? delays(p99) : []), perSecond.toFixed(0)])
  }
  console.log(`\nDelays with ${streams} streams at once, in milliseconds; the vendor makes sound as fast as it is heard\n`)
  const head = [
    'text comes',
    'sound p50',
    'sound p99',
    'text p50',
    'voiced p50',
    '×',
    'text p99',
    'voiced p99',
    '×',
    'µs a second of sound',
  ]
  console.log(table([head, ...rows]))
}

function delays([without, withVoice]: readonly [number, number]): string[] {
  return [ms(without), ms(withVoice), (withVoice / without).toFixed(2)]
}

function ms(milliseconds: number): string {
  return milliseconds.toFixed(1)
}

/** The piece of text with which the first sentence is known to be complete. */
function firstSentenceAt(): number {
  const script = new Script({ language: undefined, maxCharacters: 300, firstClause: true })
  const at = piecesOf(nameOf(0)).findIndex((piece) => script.push(piece).length > 0)
  if (at < 0) throw new Error('there is no first sentence')
  return at
}

/** From the writing of a piece of text to its arrival. */
function textDelays({ taken, made }: Done): number[] {
  return taken.flatMap(({ name, textAt }) => {
    const written = made.get(name)?.textAt ?? []
    if (written.length !== textAt.length) throw new Error(`${textAt.length} pieces of text came, not ${written.length}`)
    return textAt.map((at, index) => (at - (written[index] ?? 0)) / 1000)
  })
}

/** From the text to the vendor, and from the vendor's first sound to the client. */
function soundDelays({ taken, made }: Done, trigger: number): number[] {
  return taken.map(({ name, soundAt }) => {
    const { textAt, sentences } = made.get(name) ?? { textAt: [], sentences: [] }
    const [first] = sentences
    if (!first) throw new Error('nothing was spoken')
    return (first.askedAt - (textAt[trigger] ?? 0) + (soundAt - first.firstAt)) / 1000
  })
}

// ── Hearing ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A question that is said, beside the same that is typed. */
async function hearing(stage: Stage): Promise<void> {
  const [rounds, exchanges] = values.quick ? [1, 100] : [3, 300]
  const ways = [typed, said].map((body) => ({ body, times: [] as number[], cpuMs: [] as number[] }))
  for (let round = 0; round <= rounds; round++) {
    for (const { body, times, cpuMs } of ways) {
      const before = cpuSeconds(stage.gateway.pid)
      const { taken } = await stage.run({ ...atOnce, firstByteMs: vendorMs }, { body, concurrency: 8, exchanges, isTimed: false })
      if (round === 0) continue
      cpuMs.push(((cpuSeconds(stage.gateway.pid) - before) * 1000) / exchanges)
      times.push(...taken.map(({ beganAt, endedAt }) => (endedAt - beganAt) / 1000))
    }
  }
  const [without, heard] = ways
  if (!without || !heard) return
  const cost = median(heard.cpuMs) - median(without.cpuMs)
  const later = [0.5, 0.99].map((share) => ms(quantile(heard.times, share) - quantile(without.times, share) - vendorMs))
  console.log(
    `\nHearing three seconds of WAV (${Math.round(said.length / 1024)} kB of JSON), 8 at a time, beyond the vendor's own ${vendorMs} ms\n`,
  )
  console.log(
    table([
      ['later p50 ms', 'p99 ms', 'CPU ms', '× the same typed'],
      [...later, cost.toFixed(2), (median(heard.cpuMs) / median(without.cpuMs)).toFixed(2)],
    ]),
  )
}

// ── Memory ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Many answers by one process: what it holds after each tenth of them, when garbage was collected. */
async function memoryOfAnswers(stage: Stage): Promise<void> {
  const answers = Number(values.answers)
  if (!(answers >= 20)) throw new Error(`--answers takes a number from 20 on, not ${values.answers}`)
  const spoken = lanes.filter(({ soundBytes }) => soundBytes)
  const rows: string[][] = []
  for (let tenth = 1; tenth <= 10; tenth++) {
    for (const lane of spoken) {
      const exchanges = Math.round(answers / 10 / spoken.length)
      checkWhole(lane, await stage.run(atOnce, { body: lane.body, concurrency: 16, exchanges, isTimed: false }))
    }
    const { heap, external, rss, handles } = await takeSample(folder)
    rows.push([String((tenth * answers) / 10), megabytes(heap), megabytes(external), megabytes(rss), String(handles)])
  }
  const length = Math.round(piecesOf(nameOf(0)).join('').length / charactersPerSecond)
  console.log(`\nMemory after so many answers of ${length} s of sound, garbage collected, in MB\n`)
  console.log(table([['answers', 'heap', 'outside it', 'resident', 'handles'], ...rows]))
}

await main(values.part.split(','))
