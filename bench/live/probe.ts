import { writeFileSync } from 'node:fs'
import { Session } from 'node:inspector'
import { queryObjects } from 'node:v8'
import { WebSocket } from 'ws'
// Tells of memory, too.
import '../soak/probe.ts'

/**
 * Loaded into the gateway before its own code: says how many timers and WebSockets there are when it is asked, and writes down where the time
 * goes between two messages. The gateway knows nothing of it.
 */
const timer = setTimeout(() => undefined, 0)
clearTimeout(timer)
let session: Session | undefined

process.on('message', (message) => {
  if (message === 'count') {
    const [timers, webSockets] = [Number(queryObjects(timer.constructor)), Number(queryObjects(WebSocket))]
    // The probe's own is one of them.
    process.send?.({ type: 'counts', counts: { timers: timers - 1, webSockets } })
  } else if (message === 'profile') {
    session = new Session()
    session.connect()
    session.post('Profiler.enable')
    session.post('Profiler.setSamplingInterval', { interval: 500 })
    session.post('Profiler.start', () => process.send?.({ type: 'profile' }))
  } else if (typeof message === 'string' && message.startsWith('profiled ')) {
    session?.post('Profiler.stop', (_, { profile }) => {
      writeFileSync(message.slice('profiled '.length), JSON.stringify(profile))
      process.send?.({ type: 'profile' })
    })
  }
})
