import { Value } from '@sinclair/typebox/value'
import { Pool } from 'undici'
import { readModelName } from './answers.ts'
import { type Job, type LoadMessage, LoadOrder, type LoadResult } from './control.ts'
import { micros, stamp, type Template, template } from './marker.ts'
import { conversation, writeRequest } from './requests.ts'
import { type AnswerCheck, AnswerError, createAnswerCheck } from './verify.ts'

/** The load client, a process of its own: takes a job from its parent, carries it out, checks every answer, reports. */
let release = (): void => undefined

process.on('message', (message) => {
  if (!Value.Check(LoadOrder, message)) throw new Error('not an order of the benchmark')
  if (message.type === 'release') release()
  else void carryOut(message.job).then((result) => tell({ type: 'result', result }))
})
process.on('disconnect', () => process.exit())
tell({ type: 'ready' })

function tell(message: LoadMessage): void {
  process.send?.(message)
}

interface Run {
  readonly job: Job
  readonly pool: Pool
  readonly body: Template
  readonly check: AnswerCheck
  readonly durations: number[]
  readonly eventDelays: number[]
  readonly left: { nonce: number; leftAt: number }[]
  readonly reasons: string[]
  /** Hangs up each exchange of a `hold`. */
  readonly leaving: (() => void)[]
  failed: number
  started: number
  opened: number
}

let nonces = 0
const nonceLimit = 99_999_999
const failureLimit = 50
/** While a crowd of streams is still arriving, the delays of events say how long it takes to open streams. */
const arrivalEvents = 25

async function carryOut(job: Job): Promise<LoadResult> {
  const size = readModelName(job.upstreamModel)?.size ?? 'small'
  const run: Run = {
    job,
    pool: new Pool(job.origin, { connections: job.concurrency, pipelining: 1, headersTimeout: 60_000, bodyTimeout: 0 }),
    body: template(writeRequest(job.dialect, job.model, job.stream, conversation(size))),
    check: createAnswerCheck(job),
    durations: [],
    eventDelays: [],
    left: [],
    reasons: [],
    leaving: [],
    failed: 0,
    started: 0,
    opened: 0,
  }
  const begin = micros()
  const places = Array.from({ length: job.concurrency }, () =>
    job.task.kind === 'loop' ? loop(run, job.task.seconds) : one(run),
  )
  await Promise.all(places)
  const seconds = (micros() - begin) / 1e6
  await run.pool.destroy()
  return {
    started: run.started,
    completed: run.durations.length,
    failed: run.failed,
    reasons: run.reasons,
    seconds,
    ...quantiles(run),
    events: run.eventDelays.length,
    left: run.left,
  }
}

async function loop(run: Run, seconds: number): Promise<void> {
  const end = micros() + seconds * 1e6
  while (micros() < end && run.failed < failureLimit) await one(run)
}

/** One exchange; a failure is counted. */
async function one(run: Run): Promise<void> {
  run.started++
  const begin = micros()
  try {
    const ended = await exchange(run)
    if (ended === 'complete') run.durations.push((micros() - begin) / 1000)
  } catch (error) {
    run.failed++
    if (run.reasons.length < 5) run.reasons.push(error instanceof Error ? `${error.name}: ${error.message}` : String(error))
  }
}

class Leaving extends Error {
  override readonly name = 'Leaving'
}

function exchange(run: Run): Promise<'complete' | 'left'> {
  const { job } = run
  nonces = (nonces % nonceLimit) + 1
  const nonce = nonces
  return new Promise((resolve, reject) => {
    const body: Buffer[] = []
    let status = 0
    let arrivedAt = 0
    let texts = 0
    let leave = (): void => undefined
    const stream = run.check.stream((marker) => {
      if (marker.nonce !== nonce) throw new AnswerError(`an event of exchange ${marker.nonce} in exchange ${nonce}`)
      texts++
      if (job.task.kind === 'once' && texts > arrivalEvents) run.eventDelays.push((arrivedAt - marker.sentAt) / 1000)
      if (job.task.kind === 'leave' && texts === job.task.afterEvents) leave()
    })
    const settle = (): void => {
      if (status !== 200) throw new AnswerError(`status ${status}: ${Buffer.concat(body).toString().slice(0, 300)}`)
      if (job.stream) stream.end()
      else if (run.check.json(Buffer.concat(body)).nonce !== nonce) throw new AnswerError('the answer of another exchange')
    }
    const headers = { 'content-type': 'application/json', ...job.headers }
    const request = { method: 'POST', path: job.path, headers, body: stamp(run.body, { nonce, sentAt: 0 }) } as const
    run.pool.dispatch(request, {
      onRequestStart(controller) {
        leave = () => {
          run.left.push({ nonce, leftAt: micros() })
          controller.abort(new Leaving())
        }
        if (job.task.kind === 'hold') run.leaving.push(leave)
      },
      onResponseStart(_controller, statusCode) {
        status = statusCode
      },
      onResponseData(controller, chunk) {
        if (arrivedAt === 0) countOpened(run)
        arrivedAt = micros()
        if (status !== 200 || !job.stream) return void body.push(chunk)
        try {
          stream.feed(chunk)
        } catch (error) {
          controller.abort(error instanceof Error ? error : new AnswerError(String(error)))
        }
      },
      onResponseEnd() {
        try {
          settle()
          resolve('complete')
        } catch (error) {
          reject(error)
        }
      },
      onResponseError(_controller, error) {
        if (error instanceof Leaving) resolve('left')
        else reject(error)
      },
    })
  })
}

function countOpened(run: Run): void {
  run.opened++
  if (run.job.task.kind !== 'hold' || run.opened !== run.job.concurrency) return
  release = () => {
    for (const leave of run.leaving) leave()
  }
  tell({ type: 'opened' })
}

function quantiles({ durations, eventDelays }: Run): Pick<LoadResult, 'p50Ms' | 'p99Ms' | 'eventP50Ms' | 'eventP99Ms'> {
  const whole = Float64Array.from(durations).sort()
  const event = Float64Array.from(eventDelays).sort()
  return {
    p50Ms: quantile(whole, 0.5),
    p99Ms: quantile(whole, 0.99),
    eventP50Ms: quantile(event, 0.5),
    eventP99Ms: quantile(event, 0.99),
  }
}

/** 0 where there is none. */
function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
