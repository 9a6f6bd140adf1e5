import { setTimeout as pause } from 'node:timers/promises'
import { cpuSeconds, memory, type ServerProcess } from '../processes.ts'
import { growthOf } from '../soak/growth.ts'
import { type Sample, takeSample } from '../soak/sample.ts'
import { megabytes } from '../voice/table.ts'
import type { Pace, Script } from './control.ts'
import { chunkBytes, micDelays, resetDelays, soundDelays, turnDelays } from './delays.ts'
import type { Stage } from './harness.ts'
import { cells, type Report, spreadHead, spreadOf } from './report.ts'
import { directFor, sessionsFor, type Terms } from './sessions.ts'

/** One part of the benchmark, by a gateway of its own. */
export interface Part {
  readonly stage: Stage
  readonly report: Report
  readonly isQuick: boolean
  /** How many sessions there are at once in `load`, and how many are opened in `memory`. */
  readonly sessions: number
  readonly opened: number
  /** The folder in which the gateway tells of its memory. */
  readonly probes: string
}

const atOnce: Pace = { sentences: 1, realTimeFactor: 0, chunkBytes: 4096 }
/** As fast as it is heard, a frame at a time. */
const realTime: Pace = { sentences: 4, realTimeFactor: 1, chunkBytes }

/** Everything that is loaded at its first use is loaded, and what runs often has run. */
export async function warmUp(stage: Stage): Promise<void> {
  const visits = sessionsFor(stage, 40, { script: { type: 'visit', speaks: true } })
  const resampled = sessionsFor(stage, 4, { script: { type: 'listen', ms: 1500 }, ...at48 })
  await stage.run(atOnce, { concurrency: 8, sessions: [...visits, ...resampled], withinMs: 60_000 })
}

// ── Frames of the microphone ────────────────────────────────────────────────────────────────────────────────────────────

const at48 = { rate: 48_000, stt: 'openai/gpt-4o-transcribe' } as const
const lanes: readonly (readonly [name: string, terms: Omit<Terms, 'script'> | undefined])[] = [
  ['straight to the engine', undefined],
  ['16 kHz, as it comes', {}],
  ['16 kHz, base64 in JSON', { transport: 'base64_json' }],
  ['48 kHz, as it comes', { rate: 48_000 }],
  ['48 kHz to 24 kHz, in base64', at48],
  ['44.1 kHz to 24 kHz, in base64', { ...at48, rate: 44_100 }],
]

/** How long a frame takes from the client to the engine that hears. */
export async function mic({ stage, report, isQuick }: Part): Promise<void> {
  const [rounds, ms] = isQuick ? [2, 4000] : [6, 6000]
  const script: Script = { type: 'listen', ms }
  const measured = lanes.map(([name, terms]) => ({ name, terms, delays: [] as number[], frames: 0, cpuMicros: 0 }))
  // Whatever else the machine does hits each of them alike.
  for (let round = 0; round < rounds; round++) {
    for (let at = 0; at < measured.length; at++) {
      const lane = measured[(at + round) % measured.length]
      if (!lane) continue
      const { terms } = lane
      const sessions = terms ? sessionsFor(stage, micSessions, { ...terms, script }) : directFor(stage, micSessions, script)
      const before = cpuSeconds(stage.gateway.pid)
      const done = await stage.run(atOnce, { concurrency: micSessions, sessions, withinMs: ms + 30_000 })
      lane.cpuMicros += (cpuSeconds(stage.gateway.pid) - before) * 1e6
      lane.frames += done.taken.reduce((sum, { sentAt }) => sum + sentAt.length, 0)
      lane.delays.push(...micDelays(done, firstMs))
    }
  }
  const spreads = measured.map(({ name, terms, delays, frames, cpuMicros }) => {
    return { name, ...spreadOf(delays), ...(terms && { cpuMicros: cpuMicros / frames }) }
  })
  const rows = spreads.map(({ name, cpuMicros, ...spread }) => [name, ...cells(spread), cpuMicros?.toFixed(0) ?? ''])
  const title = `Frames of 20 ms from the client to the engine that hears, ${micSessions} sessions at once`
  report.show(title, [['', ...spreadHead, 'CPU µs a frame'], ...rows], spreads)
  for (const { name, p99, cpuMicros } of spreads) {
    if (cpuMicros !== undefined) report.budget(`frame of the microphone to the engine, ${name}, p99`, p99, 5, 'ms')
  }
}

const micSessions = 8
/** In which engines are connected to. */
const firstMs = 1000

// ── Turns ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** How long it takes from the last words of a question to the first sound of its answer, without model and voice. */
export async function turns({ stage, report, isQuick }: Part): Promise<void> {
  const [count, each] = isQuick ? [4, 10] : [8, 40]
  const ways = { ms: undefined, interruptEvery: 0, interruptAfterMs: 0, player: 'instant' } as const
  const script: Script = { type: 'talk', turns: each, utteranceMs: 240, pauseMs: 100, ...ways }
  const sessions = sessionsFor(stage, count, { script, silenceMs: 200 })
  const done = await stage.run(atOnce, { concurrency: count, sessions, withinMs: 15_000 + each * 3000 })
  const { whole, toModel, toVoice, toClient } = turnDelays(done)
  if (whole.length < count * each) throw new Error(`${whole.length} turns of ${count * each} are known`)
  showTurns(report, `Turns, ${count} sessions at once`, { whole, toModel, toVoice, toClient })
}

function showTurns(report: Report, title: string, delays: ReturnType<typeof turnDelays>): void {
  const whole = spreadOf(delays.whole)
  const spreads = {
    'last words to first sound': whole,
    'last words to the model': spreadOf(delays.toModel),
    'answer to the voice': spreadOf(delays.toVoice),
    'sound to the client': spreadOf(delays.toClient),
  }
  report.show(title, [['', ...spreadHead], ...Object.entries(spreads).map(([name, spread]) => [name, ...cells(spread)])], spreads)
  report.budget(`${title}: end of turn to first sound, own share, p50`, whole.p50, 20, 'ms')
  report.budget(`${title}: the same, p99`, whole.p99, 40, 'ms')
}

/** How long it takes from the words of somebody who interrupts until the client is told to be silent. */
export async function barge({ stage, report, isQuick }: Part): Promise<void> {
  const [count, each] = isQuick ? [8, 6] : [16, 16]
  const ways = { ms: undefined, interruptEvery: 1, interruptAfterMs: 600, player: 'real' } as const
  const script: Script = { type: 'talk', turns: each, utteranceMs: 400, pauseMs: 100, ...ways }
  const sessions = sessionsFor(stage, count, { script, silenceMs: 200 })
  const done = await stage.run(realTime, { concurrency: count, sessions, withinMs: 15_000 + each * 4000 })
  const resets = resetDelays(done)
  if (resets.length < count * (each - 1)) throw new Error(`${resets.length} interruptions of ${count * (each - 1)} were heard`)
  const title = `Interruptions, ${count} sessions at once`
  showResets(report, title, resets)
}

function showResets(report: Report, title: string, resets: readonly number[]): void {
  const spread = spreadOf(resets)
  report.show(
    title,
    [
      ['', ...spreadHead],
      ['words to audio_reset', ...cells(spread)],
    ],
    spread,
  )
  report.budget(`${title}: words to audio_reset, p99`, spread.p99, 30, 'ms')
}

// ── Many at once ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Conversations in real time, with frames of 20 ms both ways, of which each third answer is interrupted. */
export async function load({ stage, report, isQuick, sessions: count, probes }: Part): Promise<void> {
  const ms = isQuick ? 20_000 : 60_000
  const ways = { turns: undefined, interruptEvery: 3, interruptAfterMs: 2000, player: 'real' } as const
  const script: Script = { type: 'talk', ms, utteranceMs: 2000, pauseMs: 1000, ...ways }
  const sessions = sessionsFor(stage, count, { script })
  const before = await takeSample(probes)
  const running = stage.run(realTime, { concurrency: count, sessions, withinMs: ms + 30_000 })
  await pause(3000)
  const processes = [stage.gateway, stage.client, stage.upstream]
  const begin = processes.map(cpuOf)
  let peak = 0
  const span = ms - 5000
  for (let at = 0; at < span; at += 500) {
    await pause(500)
    peak = Math.max(peak, memory(stage.gateway.pid).rss)
  }
  const [gateway = 0, client = 0, upstream = 0] = processes.map((each, at) => ((cpuOf(each) - (begin[at] ?? 0)) * 100_000) / span)
  const done = await running
  const [heard, sound] = [spreadOf(micDelays(done, firstMs)), spreadOf(soundDelays(done))]
  const mebibytes = (peak - before.rss) / 1024 ** 2 / count
  const share = gateway / count
  const title = `${count} sessions in real time`
  const rows = [
    ['', ...spreadHead],
    ['frame of the microphone to the engine', ...cells(heard)],
    ['frame of the voice to the client', ...cells(sound)],
  ]
  report.show(title, rows, { heard, sound, mebibytes, percentOfACore: share, client, upstream })
  console.log(
    `\ngateway ${gateway.toFixed(0)} % of a core, client ${client.toFixed(0)} %, upstream ${upstream.toFixed(0)} %; ${megabytes(before.rss)} MB resident before, ${megabytes(peak)} MB at most`,
  )
  report.budget(`${title}: frame to the engine, p99`, heard.p99, 50, 'ms')
  report.budget(`${title}: frame to the client, p99`, sound.p99, 50, 'ms')
  report.budget(`${title}: resident memory of each`, mebibytes, 10, 'MiB')
  report.budget(`${title}: CPU of each`, share, 2, '% of a core')
  showTurns(report, `Turns among ${title}`, turnDelays(done))
  showResets(report, `Interruptions among ${title}`, resetDelays(done))
}

function cpuOf({ pid }: ServerProcess): number {
  return cpuSeconds(pid)
}

// ── Opened and closed ───────────────────────────────────────────────────────────────────────────────────────────────────

/** Many sessions one after the other, with a turn each and without: what is held after each tenth of them, when garbage was collected. */
export async function memoryOfSessions({ stage, report, opened, probes }: Part): Promise<void> {
  for (const speaks of [true, false]) {
    const script: Script = { type: 'visit', speaks }
    const samples: { at: number; sample: Sample }[] = []
    // What the first of them leave behind is there once.
    await visits(stage, 100, script)
    const before = { sample: await takeSample(probes), counts: await stage.counts() }
    for (let tenth = 1; tenth <= 10; tenth++) {
      await visits(stage, Math.round(opened / 10), script)
      samples.push({ at: tenth, sample: await takeSample(probes) })
    }
    // Connections that are kept to a model are closed when nobody needs them for a while.
    await pause(6000)
    const after = { sample: await takeSample(probes), counts: await stage.counts() }
    const rows = [{ at: 0, ...before }, ...samples].map(({ at, sample: { heap, external, rss, handles, sockets } }) => {
      const sizes = [heap, external, rss].map(megabytes)
      return [String(Math.round((at * opened) / 10)), ...sizes, String(handles), String(sockets)]
    })
    const title = `Memory after so many sessions ${speaks ? 'of a turn each' : 'in which nothing is said'}, garbage collected, in MB`
    const growth = growthOf(samples)
    report.show(title, [['sessions', 'heap', 'outside it', 'resident', 'handles', 'sockets'], ...rows], {
      samples,
      growth,
      before,
      after,
    })
    const grows = growth.flatMap(({ name, by, grows: isMore }) => (isMore ? [`${name} by ${by.toFixed(0)}`] : []))
    console.log(`\n${grows.length === 0 ? 'flat' : `grows: ${grows.join(', ')}`}`)
    const left = (name: 'timers' | 'webSockets'): string => `${name} ${before.counts[name]} before, ${after.counts[name]} after`
    console.log(
      `${left('timers')}; ${left('webSockets')}; sockets ${before.sample.sockets} before, ${after.sample.sockets} after`,
    )
    report.budget(
      `heap, ${speaks ? 'of a turn each' : 'nothing said'}`,
      (growth[0]?.by ?? 0) / 1024 ** 2,
      (growth[0]?.allowed ?? 0) / 1024 ** 2,
      'MB',
    )
    report.budget('WebSockets left', after.counts.webSockets, 0, '')
  }
}

async function visits(stage: Stage, count: number, script: Script): Promise<void> {
  const sessions = sessionsFor(stage, count, { script, isTimed: false })
  await stage.run(atOnce, { concurrency: 16, sessions, withinMs: 60_000 + count * 200 })
}
