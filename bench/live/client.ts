import { micros } from '../marker.ts'
import type { Job, SessionJob, Taken } from './control.ts'
import { Session } from './session.ts'

/** The client of the live benchmark, a process of its own: leads many conversations at once, each frame at its time. */

process.on('message', (job: Job) => void carryOut(job).then((result) => process.send?.({ type: 'result', ...result })))
process.on('disconnect', () => process.exit())
process.send?.({ type: 'ready' })

async function carryOut({ sessions, concurrency, withinMs }: Job): Promise<{ taken: Taken[]; failures: string[] }> {
  const taken: Taken[] = []
  const failures: string[] = []
  const running = new Set<Session>()
  const beganAt = micros()
  // One timer for all: a thousand of their own would be late each in its own way.
  const ticker = setInterval(() => {
    for (const session of running) session.tick(micros())
  }, 1)
  const late = setTimeout(() => {
    for (const session of running) session.fail(`still goes on after ${withinMs / 1000} s, ${session.where}`)
  }, withinMs)
  const waiting = [...sessions.entries()]
  const place = async (): Promise<void> => {
    for (let next = waiting.shift(); next && failures.length < 5; next = waiting.shift()) {
      const [index, job] = next
      // Beats are spread evenly, as those of independent clients would be.
      const phase = (index * 0.618_033_988_749) % 1
      try {
        taken.push(await led(job, phase, beganAt, running))
      } catch (error) {
        failures.push(`${job.name}: ${error instanceof Error ? error.message : error}`)
      }
    }
  }
  await Promise.all(Array.from({ length: concurrency }, place))
  clearInterval(ticker)
  clearTimeout(late)
  return { taken, failures }
}

async function led(job: SessionJob, phase: number, beganAt: number, running: Set<Session>): Promise<Taken> {
  const session = new Session(job, phase, beganAt)
  running.add(session)
  try {
    return await session.over
  } finally {
    running.delete(session)
  }
}
