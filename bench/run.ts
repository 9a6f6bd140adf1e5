import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { compile } from './compile.ts'
import { type Harness, startHarness } from './harness.ts'
import { memory, watchOthers } from './processes.ts'
import { type Measurement, printReport, type TargetMemory } from './report.ts'
import { type Effort, type Scenario, type Subject, scenarios, warmUp } from './scenarios.ts'
import { bareProxy } from './targets/bare-proxy.ts'
import { direct } from './targets/direct.ts'
import { gateway } from './targets/gateway.ts'
import { portkey } from './targets/portkey.ts'
import { type Place, type Running, type Target, Unavailable } from './targets/target.ts'

const quickEffort: Effort = { rounds: 1, warmUpSeconds: 0.5, seconds: 0.8, pacedEvents: 75 }
const fullEffort: Effort = { rounds: 3, warmUpSeconds: 2, seconds: 2, pacedEvents: 200 }
const allTargets: readonly Target[] = [direct, bareProxy, portkey, gateway]

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    scenario: { type: 'string' },
    target: { type: 'string' },
    json: { type: 'string' },
  },
})
// An ordinary end, so that the processes of the benchmark end with it.
process.once('SIGTERM', () => process.exit(143))
process.once('SIGINT', () => process.exit(130))
await main()

async function main(): Promise<void> {
  if (process.platform !== 'linux') throw new Error('The benchmark reads /proc and runs on Linux only.')
  const begin = performance.now()
  const shareOfOthers = watchOthers()
  const effort = values.quick ? quickEffort : fullEffort
  const chosen = choose(scenarios, values.scenario)
  const compiled = compile()
  const harness = await startHarness(compiled)
  const place = { upstreamOrigin: harness.upstreamOrigin, compiled, collectable: false }
  const started = await startAll(choose(allTargets, values.target), place)
  await pause(1000)
  const resting = started.flatMap(({ target, running }) => memoryOf(target, running))

  const measurements = await measureAll(chosen, started, harness, place, effort)
  const atTheEnd = started.flatMap(({ target, running }) => memoryOf(target, running))
  await Promise.all([harness.stop(), ...started.map(({ running }) => running.server?.stop())])

  const memories = resting.map(({ target, rss }): TargetMemory => {
    return { target, restingBytes: rss, peakBytes: atTheEnd.find((item) => item.target === target)?.peak ?? rss }
  })
  const results = { measurements, memories, shareOfOthers: shareOfOthers() }
  printReport(results, effort)
  console.log(`\n${Math.round((performance.now() - begin) / 1000)} s in all.`)
  if (values.json) {
    mkdirSync(dirname(values.json), { recursive: true })
    writeFileSync(values.json, `${JSON.stringify({ effort, ...results }, null, 1)}\n`)
  }
  if (measurements.some(({ faults }) => faults.length > 0)) process.exitCode = 1
}

function choose<Item extends { readonly name: string }>(items: readonly Item[], names: string | undefined): readonly Item[] {
  if (names === undefined) return items
  return names.split(',').map((name) => {
    const found = items.find((item) => item.name === name)
    if (!found) throw new Error(`${name} is unknown; known are ${items.map((item) => item.name).join(', ')}`)
    return found
  })
}

interface Started {
  readonly target: Target
  readonly running: Running
}

/** Those that can be had; the others are named. */
async function startAll(targets: readonly Target[], place: Place): Promise<readonly Started[]> {
  const started: Started[] = []
  for (const target of targets) {
    try {
      started.push({ target, running: await target.start(place) })
    } catch (error) {
      console.log(`Without ${target.name}: ${error instanceof Error ? error.message : String(error)}.`)
      if (!(error instanceof Unavailable)) process.exitCode = 1
    }
  }
  return started
}

function memoryOf(target: Target, { server }: Running): { target: Target['name']; rss: number; peak: number }[] {
  return server ? [{ target: target.name, ...memory(server.pid) }] : []
}

/** Round after round, in each every scenario through every lane, the lanes in another order each time. */
async function measureAll(
  chosen: readonly Scenario[],
  started: readonly Started[],
  harness: Harness,
  place: Place,
  effort: Effort,
): Promise<readonly Measurement[]> {
  const { upstreamOrigin } = place
  const entries = started.flatMap(({ target, running }) =>
    target.lanes.map((lane) => ({ target, subject: { lane, running, upstreamOrigin } })),
  )
  if (chosen.some(({ freshProcess }) => !freshProcess)) {
    for (const { subject } of entries) await warmUp(subject, harness, effort.warmUpSeconds)
  }
  const measurements: Measurement[] = []
  for (let round = 0; round < effort.rounds; round++) {
    for (const scenario of chosen) {
      for (let index = 0; index < entries.length; index++) {
        const entry = entries[(index + round) % entries.length]
        if (!entry || (scenario.freshProcess && !entry.subject.running.server)) continue
        const sample = await (scenario.freshProcess
          ? measureFresh(scenario, entry.target, entry.subject, harness, place, effort)
          : scenario.measure(entry.subject, harness, effort)
        ).catch((error: unknown) => ({ metrics: {}, faults: [String(error)] }))
        measurements.push({ scenario: scenario.name, lane: entry.subject.lane.name, round, ...sample })
      }
    }
    console.log(`Round ${round + 1} of ${effort.rounds} done.`)
  }
  return measurements
}

async function measureFresh(
  scenario: Scenario,
  target: Target,
  subject: Subject,
  harness: Harness,
  place: Place,
  effort: Effort,
): ReturnType<Scenario['measure']> {
  const running = await target.start({ ...place, collectable: true })
  try {
    return await scenario.measure({ ...subject, running }, harness, effort)
  } finally {
    await running.server?.stop()
  }
}
