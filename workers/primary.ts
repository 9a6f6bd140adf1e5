import cluster from 'node:cluster'
import { fileURLToPath } from 'node:url'
import closeWithGrace from 'close-with-grace'
import { pino } from 'pino'
import { systemClock } from '../api/clock.ts'
import { KnownSecrets } from '../api/known-secrets.ts'
import { secretsIn } from '../api/secret.ts'
import { operatorKeysFrom, toolKeysFrom } from '../app.ts'
import { collectorKeysFrom, reasonOf, version } from '../cli/gateway.ts'
import { lookForOllama } from '../cli/ollama.ts'
import { type Config, ConfigError, loadConfig } from '../config.ts'
import { MemoryLimitStore } from '../plugins/limits/stores/memory.ts'
import { MemorySessionOwners } from '../plugins/live/sessions/memory-owners.ts'
import { CallerKeys, type LogSecrets, loggerOptions } from '../plugins/logging.ts'
import { Member, StartError } from './member.ts'
import type { Note } from './messages.ts'
import { Pool } from './pool.ts'
import { answerOfOwners, isOwnersQuestion } from './session-owners.ts'
import { Tenancy } from './tenancy.ts'
import { Totals } from './totals.ts'

/**
 * The first of several processes. It answers no request itself: it starts the workers, replaces those that end, counts the limits and
 * metrics that are theirs together, and ends them. Resolves once all answer, with the banner or, where that cannot be had, with less;
 * rejects where they cannot answer.
 */
export async function runPrimary(config: Config, file: string | undefined): Promise<string> {
  setUpCluster(file)
  const log = pino(loggerOptions(config.log_level, secretsOf(config)))
  const ollama = lookForOllama(config)
  const store = new MemoryLimitStore({ clock: systemClock })
  const owners = new MemorySessionOwners({ clock: systemClock })
  const totals = new Totals<Member>()
  const pool = new Pool({ fork, clock: systemClock, log, onGivenUp: giveUp })
  const metrics = together(collect)
  const reload = onceMore(replaceWorkers)
  let drainMs = config.drain_ms

  try {
    await pool.start(config.workers)
  } catch (error) {
    pool.kill()
    throw error instanceof StartError && error.exitCode === 2 ? new ConfigError([error.message]) : error
  }
  process.on('SIGHUP', reload)
  // Not before: who could not start has nothing to drain, and must not end as if all were well.
  closeWithGrace({ delay: false, skip: ['SIGHUP'], logger: log, onSecondSignal: () => pool.kill() }, async ({ err, signal }) => {
    if (err) log.error({ err }, 'the first process ends after an error')
    else log.info({ signal }, 'draining')
    if (await pool.stop(drainMs)) return
    pool.kill()
    throw new Error('workers were killed that did not end in time')
  })
  // The gateway answers whether its banner can be had or not.
  return banner().catch((error: unknown) => {
    log.warn({ reason: reasonOf(error) }, 'the banner could not be had from a worker')
    return `\n  VAI Gateway ${version}\n`
  })

  function fork(): Member {
    const tenancy = new Tenancy(store)
    const member = new Member({
      clock: systemClock,
      version,
      answer(question) {
        if (question.ask === 'metrics') return metrics()
        return isOwnersQuestion(question) ? answerOfOwners(owners, question) : tenancy.answer(question)
      },
      onNote,
    })
    void member.ended.then(() => {
      totals.end(member)
      return tenancy.end()
    })
    return member
  }

  function onNote(note: Note, member: Member): void {
    if (note.note === 'leaving') pool.handOver(member, drainMs)
    else if (note.note === 'measured') totals.keep(member, note.measurements)
  }

  /** Of all workers; who does not answer in time is not waited for. */
  async function collect(): Promise<string> {
    const answered = new Set<Member>()
    const asked = pool.members.filter(({ state }) => state !== 'starting')
    const answers = asked.map(async (member) => {
      totals.keep(member, await member.calls.ask({ ask: 'measurements' }))
      answered.add(member)
    })
    await Promise.allSettled(answers)
    return totals.text(answered)
  }

  async function replaceWorkers(): Promise<void> {
    log.info('reading the settings again')
    try {
      const next = await loadConfig(process.env, file)
      await pool.replaceAll(next.workers, drainMs)
      drainMs = next.drain_ms
      log.info({ workers: next.workers }, 'all workers have been replaced')
    } catch (error) {
      log.error({ reason: reasonOf(error) }, 'the workers could not be replaced; those that answer stay')
    }
  }

  async function banner(): Promise<string> {
    const [worker] = pool.ready
    if (!worker) throw new Error('all workers ended as soon as they had started')
    return worker.calls.ask({ ask: 'banner', ollama: await ollama })
  }

  function giveUp(error: unknown): void {
    process.stderr.write(`vai: no worker can be started any more: ${reasonOf(error)}\n`)
    pool.kill()
    process.exit(1)
  }
}

/** What this process knows of what must not be read in a log. It answers no request, and has none of the tenants' keys in its hands. */
function secretsOf(config: Config): LogSecrets {
  const { providers, speech, services, redis_url: redisUrl, tts_cache_redis_url: cacheUrl } = config
  const operatorKeys = [
    ...operatorKeysFrom(process.env, [...providers, ...speech, ...services]).values(),
    ...toolKeysFrom(process.env, config),
    ...collectorKeysFrom(process.env),
    ...[redisUrl, cacheUrl].flatMap((url) => (url ? secretsIn(url) : [])),
  ]
  return { operatorKeys, tenantKeys: new KnownSecrets(), keyHeaders: [], callerKeys: new CallerKeys() }
}

function setUpCluster(file: string | undefined): void {
  // The operating system hands out the connections. Handed out by this process, one that has just been given to a worker that is
  // killed would stay open for ever, and one that no worker may take would go round and round.
  cluster.schedulingPolicy = cluster.SCHED_NONE
  const isBuilt = import.meta.url.endsWith('.js')
  cluster.setupPrimary({
    exec: fileURLToPath(new URL(isBuilt ? 'worker.js' : 'worker.ts', import.meta.url)),
    args: file === undefined ? [] : [file],
    // Unlike JSON it knows what is undefined or infinite.
    serialization: 'advanced',
  })
}

/** Who asks while an answer is on its way gets the same. */
function together<Answer>(work: () => Promise<Answer>): () => Promise<Answer> {
  let running: Promise<Answer> | undefined
  return () => {
    running ??= work().finally(() => {
      running = undefined
    })
    return running
  }
}

/** Work that is asked for while it runs is done once more after that. It never rejects. */
function onceMore(work: () => Promise<void>): () => void {
  let isRunning = false
  let isWanted = false
  return async () => {
    isWanted = true
    if (isRunning) return
    isRunning = true
    while (isWanted) {
      isWanted = false
      await work()
    }
    isRunning = false
  }
}
