import { setTimeout as pause } from 'node:timers/promises'
import { modelName } from './answers.ts'
import type { Job, LoadResult } from './control.ts'
import type { Harness } from './harness.ts'
import { collectGarbage, cpuSeconds, memory } from './processes.ts'
import type { Lane, Running } from './targets/target.ts'

/** What is measured, each through every lane. */
export interface Scenario {
  readonly name: ScenarioName
  readonly what: string
  /** A process that has served nothing yet, for this measurement alone. */
  readonly freshProcess: boolean
  measure(subject: Subject, harness: Harness, effort: Effort): Promise<Sample>
}

export type ScenarioName = 'json' | 'streams' | 'paced' | 'large' | 'cancel' | 'idle'

export interface Subject {
  readonly lane: Lane
  readonly running: Running
  readonly upstreamOrigin: string
}

export interface Effort {
  readonly rounds: number
  /** Of each of the loops that go before the first measurement. */
  readonly warmUpSeconds: number
  /** Of each closed loop. */
  readonly seconds: number
  /** Events of a paced stream. */
  readonly pacedEvents: number
}

export type Metric =
  | 'perSecond'
  | 'cpuMs'
  | 'p50Ms'
  | 'p99Ms'
  | 'eventP50Ms'
  | 'eventP99Ms'
  | 'abandoned'
  | 'closed50Ms'
  | 'closed1s'
  | 'slowestCloseMs'
  | 'bytesPerStream'
  | 'clientBusy'
  | 'upstreamBusy'

export interface Sample {
  readonly metrics: Readonly<Partial<Record<Metric, number>>>
  /** What was lost, wrong or refused; the figures are worth nothing where there is any. */
  readonly faults: readonly string[]
}

const concurrency = 32
const pacedMs = 20
const crowd = 200
const idleCrowd = 1000

export const scenarios: readonly Scenario[] = [
  {
    name: 'json',
    what: `small JSON answers, ${concurrency} at a time`,
    freshProcess: false,
    measure: (subject, harness, { seconds }) =>
      measureLoad(harness, subject, job(subject, modelName('small', 13), { stream: false, task: { kind: 'loop', seconds } })),
  },
  {
    name: 'streams',
    what: `streams of 200 events at full speed, ${concurrency} at a time`,
    freshProcess: false,
    measure: (subject, harness, { seconds }) =>
      measureLoad(harness, subject, job(subject, modelName('small', 200), { task: { kind: 'loop', seconds } })),
  },
  {
    name: 'paced',
    what: `${crowd} streams at once, an event each ${pacedMs} ms`,
    freshProcess: false,
    measure: (subject, harness, { pacedEvents }) =>
      measureLoad(
        harness,
        subject,
        job(subject, modelName('small', pacedEvents, pacedMs), { concurrency: crowd, task: { kind: 'once' } }),
      ),
  },
  {
    name: 'large',
    what: 'requests of 200 kB with 20 tools and text outside Latin-1, JSON answers, 8 at a time',
    freshProcess: false,
    measure: (subject, harness, { seconds }) =>
      measureLoad(
        harness,
        subject,
        job(subject, modelName('large', 13), { stream: false, concurrency: 8, task: { kind: 'loop', seconds } }),
      ),
  },
  {
    name: 'cancel',
    what: `${crowd} paced streams, each left by its client after the third event`,
    freshProcess: false,
    measure: measureCancel,
  },
  {
    name: 'idle',
    what: `${idleCrowd} streams open, an event each 2 s`,
    freshProcess: true,
    measure: measureIdle,
  },
]

/** Lets a process compile what the scenarios will use. What fails here fails there again, and is told there. */
export async function warmUp(subject: Subject, harness: Harness, seconds: number): Promise<void> {
  const task = { kind: 'loop', seconds } as const
  await harness.load(job(subject, modelName('small', 13), { stream: false, task }))
  await harness.load(job(subject, modelName('small', 200), { task }))
  await harness.load(job(subject, modelName('large', 13), { stream: false, concurrency: 4, task }))
  const leave = { kind: 'leave', afterEvents: 3 } as const
  await harness.load(job(subject, modelName('small', 20, 5), { task: leave }))
}

function job(
  { lane, running, upstreamOrigin }: Subject,
  upstreamModel: string,
  particular: Pick<Job, 'task'> & Partial<Job>,
): Job {
  return {
    origin: running.origin,
    path: lane.path,
    headers: { ...lane.headers(upstreamOrigin) },
    dialect: lane.dialect,
    upstream: lane.upstream,
    model: lane.modelPrefix + upstreamModel,
    upstreamModel,
    verbatim: lane.verbatim.answer,
    stream: true,
    concurrency,
    ...particular,
  }
}

async function measureLoad(harness: Harness, subject: Subject, work: Job): Promise<Sample> {
  await harness.resetCounts()
  const busy = [subject.running.server, harness.client, harness.upstream].map((server) => {
    const before = server ? cpuSeconds(server.pid) : 0
    return () => (server ? cpuSeconds(server.pid) - before : 0)
  })
  const result = await harness.load(work)
  const [own = 0, client = 0, upstream = 0] = busy.map((spent) => spent())
  return {
    metrics: {
      perSecond: result.completed / result.seconds,
      ...(subject.running.server && result.completed > 0 && { cpuMs: (own * 1000) / result.completed }),
      p50Ms: result.p50Ms,
      p99Ms: result.p99Ms,
      ...(result.events > 0 && { eventP50Ms: result.eventP50Ms, eventP99Ms: result.eventP99Ms }),
      clientBusy: client / result.seconds,
      upstreamBusy: upstream / result.seconds,
    },
    faults: await faultsOf(harness, subject, work, result),
  }
}

async function measureCancel(subject: Subject, harness: Harness): Promise<Sample> {
  await harness.resetCounts()
  const task = { kind: 'leave', afterEvents: 3 } as const
  const work = job(subject, modelName('small', 200, pacedMs), { concurrency: crowd, task })
  const result = await harness.load(work)
  await pause(1000)
  const { abandoned } = await harness.counts()
  const closedAt = new Map(abandoned.map((item) => [item.nonce, item.closedAt]))
  const delays = result.left.map(({ nonce, leftAt }) => ((closedAt.get(nonce) ?? Number.POSITIVE_INFINITY) - leftAt) / 1000)
  const within = (ms: number): number => delays.filter((delay) => delay <= ms).length
  return {
    metrics: {
      abandoned: result.left.length,
      closed50Ms: within(50),
      closed1s: within(1000),
      slowestCloseMs: Math.max(0, ...delays.filter(Number.isFinite)),
    },
    faults: await faultsOf(harness, subject, work, result),
  }
}

/** The memory that open streams hold: the resident set with them less that without, garbage collected both times. */
async function measureIdle(subject: Subject, harness: Harness): Promise<Sample> {
  const { server } = subject.running
  if (!server) return { metrics: {}, faults: [] }
  await harness.load(job(subject, modelName('small', 20), { task: { kind: 'loop', seconds: 0.5 } }))
  await collectGarbage(server)
  const before = memory(server.pid).rss
  await harness.resetCounts()
  const work = job(subject, modelName('small', 99, 2000), { concurrency: idleCrowd, task: { kind: 'hold' } })
  let held = 0
  const result = await harness.hold(work, async () => {
    await pause(1000)
    await collectGarbage(server)
    held = memory(server.pid).rss - before
  })
  return { metrics: { bytesPerStream: held / idleCrowd }, faults: await faultsOf(harness, subject, work, result) }
}

async function faultsOf(harness: Harness, { lane }: Subject, work: Job, result: LoadResult): Promise<readonly string[]> {
  const counts = await harness.counts()
  const faults = [...result.reasons]
  if (result.failed > result.reasons.length) faults.push(`${result.failed} exchanges failed in all`)
  if (counts.rejected > 0) faults.push(`${counts.rejected} requests refused upstream: ${counts.lastRejection}`)
  if (counts.requests !== result.started) faults.push(`${counts.requests} requests upstream for ${result.started} of the client`)
  if (lane.verbatim.request && counts.equivalent > 0) faults.push(`${counts.equivalent} requests arrived in other bytes`)
  if (work.task.kind === 'loop' || work.task.kind === 'once') {
    if (counts.finished !== result.completed) faults.push(`${counts.finished} answers finished, ${result.completed} received`)
  }
  return faults
}
