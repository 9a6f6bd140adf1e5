import { Pool } from 'undici'
import { micros } from '../marker.ts'
import { blankName, type Job, nameOf, type Taken } from './control.ts'

/** The load client of the voice benchmark, a process of its own: asks, reads every answer to its end, and tells when what came. */

process.on('message', (job: Job) => void carryOut(job).then((result) => process.send?.({ type: 'result', ...result })))
process.on('disconnect', () => process.exit())
process.send?.({ type: 'ready' })

let exchanges = 0

async function carryOut(job: Job): Promise<{ taken: Taken[]; failures: string[] }> {
  const pool = new Pool(job.origin, { connections: job.concurrency, pipelining: 1, headersTimeout: 60_000, bodyTimeout: 60_000 })
  const taken: Taken[] = []
  const failures: string[] = []
  let left = job.exchanges
  const places = Array.from({ length: job.concurrency }, async () => {
    while (left-- > 0 && failures.length < 5) {
      try {
        taken.push(await exchange(job, pool, nameOf(++exchanges)))
      } catch (error) {
        failures.push(String(error))
      }
    }
  })
  await Promise.all(places)
  await pool.destroy()
  return { taken, failures }
}

async function exchange({ body, isTimed }: Job, pool: Pool, name: string): Promise<Taken> {
  const beganAt = micros()
  const {
    statusCode,
    headers,
    body: answer,
  } = await pool.request({
    method: 'POST',
    path: '/v1/messages',
    headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
    body: body.replaceAll(blankName, name),
  })
  if (statusCode !== 200) throw new Error(`${statusCode}: ${(await answer.text()).slice(0, 500)}`)
  const seen = { name, beganAt, endedAt: 0, textAt: [] as number[], soundAt: 0, soundBytes: 0, chunks: 0 }
  if (!String(headers['content-type']).startsWith('text/event-stream')) {
    await answer.dump({ limit: Number.POSITIVE_INFINITY })
    return { ...seen, endedAt: micros() }
  }
  let rest: Buffer = Buffer.alloc(0)
  let last = ''
  for await (const chunk of answer) {
    const at = micros()
    const bytes: Buffer = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    let from = 0
    for (let end = bytes.indexOf('\n\n', from); end >= 0; end = bytes.indexOf('\n\n', from)) {
      last = bytes.toString('latin1', from + eventPrefix, bytes.indexOf(10, from))
      if (last === 'content_block_delta') {
        if (isTimed) seen.textAt.push(at)
      } else if (last === 'audio_chunk') {
        seen.chunks++
        const length = soundIn(bytes, from)
        if (length > 0 && seen.soundAt === 0) seen.soundAt = at
        seen.soundBytes += length
      } else if (last === 'error' || last === 'audio_unavailable') throw new Error(bytes.toString('utf8', from, end))
      from = end + 2
    }
    rest = bytes.subarray(from)
  }
  if (last !== 'message_stop') throw new Error(`the last event is ${last}`)
  return { ...seen, endedAt: micros() }
}

const eventPrefix = 'event: '.length
const soundMember = '"audio":"'

/** How many bytes the base64 of a chunk stands for. */
function soundIn(bytes: Buffer, from: number): number {
  const start = bytes.indexOf(soundMember, from) + soundMember.length
  const end = bytes.indexOf(0x22, start)
  const padding = bytes[end - 2] === 0x3d ? 2 : bytes[end - 1] === 0x3d ? 1 : 0
  return end === start ? 0 : ((end - start) / 4) * 3 - padding
}
