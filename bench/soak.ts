import { mkdtempSync, rmSync } from 'node:fs'
import { Agent } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { compile } from './compile.ts'
import { freePort, startServer } from './processes.ts'
import { exchange } from './soak/exchange.ts'
import { startGateway } from './soak/gateway.ts'
import { growthOf } from './soak/growth.ts'
import { type Kind, mixOf } from './soak/mix.ts'
import { startRedis } from './soak/redis.ts'
import { printGrowth, printHead, printOutcomes, printSample } from './soak/report.ts'
import { type Sample, takeSample } from './soak/sample.ts'

/** Asks a gateway for everything that callers do, for minutes or hours, and says whether it comes to hold more and more. */

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    concurrency: { type: 'string', default: '32' },
    workers: { type: 'string', default: '1' },
    redis: { type: 'boolean', default: false },
  },
})
const sampleEveryMs = 10_000
/** With fewer of them a slope says nothing. */
const fewestSamples = 6
const folder = mkdtempSync(join(tmpdir(), 'vai-soak-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
// An ordinary end, so that the processes of the soak end with it.
process.once('SIGTERM', () => process.exit(143))
process.once('SIGINT', () => process.exit(130))
await main(positive('minutes', values.minutes) * 60_000, positive('concurrency', values.concurrency))

async function main(lengthMs: number, concurrency: number): Promise<void> {
  const compiled = compile()
  const upstreamPort = await freePort()
  const upstream = startServer(join(compiled, 'soak', 'upstream.js'), { args: [String(upstreamPort)] })
  const redisUrl = values.redis ? await startRedis() : undefined
  const gateway = await startGateway({ upstreamPort, compiled, probes: folder, workers: values.workers, redisUrl })
  printHead()
  printSample('at first', 0, 0, await takeSample(folder))
  const load = startLoad(gateway.origin, mixOf(gateway.keys), concurrency)
  const begin = performance.now()
  const samples: { at: number; sample: Sample }[] = []
  for (let next = sampleEveryMs; next <= lengthMs; next += sampleEveryMs) {
    await pause(begin + next - performance.now())
    const at = (performance.now() - begin) / 1000
    const sample = await takeSample(folder)
    samples.push({ at, sample })
    printSample(`${Math.round(at)} s`, load.ended(), load.faults.length, sample)
  }
  await load.stop()
  // Until connections that nobody uses have been closed.
  await pause(2000)
  printSample('at rest', load.ended(), load.faults.length, await takeSample(folder))
  await Promise.all([gateway.server.stop(), upstream.stop()])

  printOutcomes(load.outcomes, load.faults)
  const growth = growthOf(samples)
  const isLongEnough = samples.length >= fewestSamples
  printGrowth(growth, isLongEnough)
  if (load.faults.length > 0 || (isLongEnough && growth.some(({ grows }) => grows))) process.exitCode = 1
}

interface Load {
  /** How often each kind ended how. */
  readonly outcomes: ReadonlyMap<string, number>
  /** What ended as it must not: lost, hung, or a wrong answer. */
  readonly faults: readonly string[]
  ended(): number
  /** Resolves once everything that was asked has ended. */
  stop(): Promise<void>
}

/** So many callers, each of whom asks one thing after the other of the mix. */
function startLoad(origin: string, mix: readonly Kind[], concurrency: number): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency })
  const turns = mix.flatMap((kind) => Array.from({ length: kind.share }, () => kind))
  const outcomes = new Map<string, number>()
  const faults: string[] = []
  let asked = 0
  let ended = 0
  let isOver = false
  const places = Array.from({ length: concurrency }, async () => {
    while (!isOver) {
      // A step that has no divisor in common with the number of turns: every turn comes, and no two of a kind one after the other.
      const nonce = ++asked
      const kind = turns[(nonce * 13) % turns.length]
      if (!kind) throw new Error('nothing to ask')
      const outcome = await once(kind, nonce)
      outcomes.set(`${kind.name}: ${outcome}`, (outcomes.get(`${kind.name}: ${outcome}`) ?? 0) + 1)
      ended++
    }
  })

  async function once(kind: Kind, nonce: number): Promise<string> {
    try {
      const outcome = await exchange(origin, agent, kind.ask(nonce), nonce, kind.events)
      if (!kind.outcomes.includes(outcome)) faults.push(`${kind.name}: ${outcome}`)
      return outcome
    } catch (error) {
      faults.push(`${kind.name}: ${error instanceof Error ? error.message : String(error)}`)
      return 'FAULT'
    }
  }

  return {
    outcomes,
    faults,
    ended: () => ended,
    async stop() {
      isOver = true
      await Promise.all(places)
      agent.destroy()
    },
  }
}

function positive(name: string, text: string): number {
  const number = Number(text)
  if (!(number > 0)) throw new Error(`--${name} takes a number above 0, not ${text}`)
  return number
}
