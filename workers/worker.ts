import cluster from 'node:cluster'
import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'
import { systemClock } from '../api/clock.ts'
import { banner } from '../cli/banner.ts'
import { buildGateway, exitCodeOf, reasonOf, version } from '../cli/gateway.ts'
import { type Config, loadConfig } from '../config.ts'
import { Calls } from './calls.ts'
import { PrimaryLimitStore } from './limit-store.ts'
import {
  type Answers,
  isMessage,
  type Message,
  type Note,
  type PrimaryQuestion,
  type Question,
  type WorkerQuestion,
} from './messages.ts'
import { PrimarySessionOwners } from './session-owners.ts'

/** One of several processes that answer on one port, started by the primary. */

// To be read again is the primary's business, also where a signal goes to all processes.
process.on('SIGHUP', () => undefined)

try {
  await work(await loadConfig(process.env, process.argv[2]))
} catch (error) {
  const exitCode = exitCodeOf(error)
  await tell({ note: 'cannot-start', reason: reasonOf(error), exitCode })
  process.exit(exitCode)
}

async function work(config: Config): Promise<void> {
  let answering: { readonly app: FastifyInstance; readonly end: WaysToEnd } | undefined
  const primary: Calls<WorkerQuestion, PrimaryQuestion> = new Calls({ send, answer, clock: systemClock })
  process.on('message', (message: unknown) => {
    if (!isMessage<PrimaryQuestion>(message)) return
    if (message.kind !== 'note') primary.receive(message)
    else if (message.note.note === 'drain') answering?.end.drain()
    else if (message.note.note === 'hand-over') answering?.end.handOver()
  })
  const app = await buildGateway(config, {
    worker: process.pid,
    // Redis is there for several gateways, and so for several workers.
    ...(config.redis_url === undefined && {
      limitStore: new PrimaryLimitStore(primary),
      sessionOwners: new PrimarySessionOwners(primary),
    }),
    metricsText: () => primary.ask({ ask: 'metrics' }),
  })
  await app.listen({ host: config.host, port: config.port })
  const end = gracefulEnd(app, config)
  answering = { app, end }
  cluster.worker?.once('disconnect', () => {
    // Node would end the process at once; what runs may go on to its end.
    if (cluster.worker) cluster.worker.exitedAfterDisconnect = true
    primary.end()
    end.drain()
  })
  await tell({ note: 'ready', version })

  async function answer(question: PrimaryQuestion): Promise<Answers[PrimaryQuestion['ask']]> {
    if (!answering) throw new Error('not yet')
    return question.ask === 'banner'
      ? banner(answering.app, config, version, question.ollama)
      : answering.app.metrics.registry.getMetricsAsJSON()
  }
}

interface WaysToEnd {
  /** The others go on. */
  handOver(): void
  /** The whole gateway ends, or the primary is gone. */
  drain(): void
}

/** Ends the worker once, also upon a signal or an error, which hand over. A hand-over that runs may become a draining. */
function gracefulEnd(app: FastifyInstance, { drain_ms }: Config): WaysToEnd {
  let isEnding = false
  let drained = (): void => undefined
  const whenDrained = new Promise<void>((resolve) => {
    drained = resolve
  })
  const skip: ['SIGHUP'] = ['SIGHUP']
  const { close } = closeWithGrace({ delay: drain_ms + 5000, skip, logger: app.log }, async ({ err, signal }) => {
    isEnding = true
    if (err) app.log.error({ err }, 'the worker ends after an error')
    else app.log.info({ signal }, app.drain.isDraining ? 'draining' : 'handing over')
    await tell({ note: 'leaving' })
    await (app.drain.isDraining ? whenDrained : Promise.race([whenDrained, app.drain.handOver()]))
    await tell({ note: 'measured', measurements: await app.metrics.registry.getMetricsAsJSON() })
    await app.close()
  })
  const end = (): void => {
    if (isEnding) return
    isEnding = true
    close()
  }
  return {
    handOver: end,
    drain() {
      app.drain.start().then(drained)
      end()
    },
  }
}

/** Resolves once the primary has it, or is gone. */
function tell(note: Note): Promise<void> {
  return new Promise((resolve) => {
    if (!cluster.worker?.isConnected()) return resolve()
    cluster.worker.send({ kind: 'note', note }, () => resolve())
  })
}

function send(message: Message<Question>): void {
  if (!cluster.worker?.isConnected()) throw new Error('the primary is gone')
  cluster.worker.send(message, () => undefined)
}
