import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { memory } from '../processes.ts'

/** What the processes of a gateway hold, all together. */
export interface Sample {
  readonly processes: number
  /** Bytes, after garbage was collected. */
  readonly heap: number
  readonly external: number
  readonly rss: number
  readonly handles: number
  /** Open files, sockets among them. */
  readonly files: number
  readonly sockets: number
}

/** Asks every process that lives of those whose probes lie in the folder. */
export async function takeSample(probes: string): Promise<Sample> {
  const pids = readdirSync(probes)
    .map(Number)
    .filter((pid) => existsSync(`/proc/${pid}/fd`))
  const sum = { processes: pids.length, heap: 0, external: 0, rss: 0, handles: 0, files: 0, sockets: 0 }
  for (const pid of pids) {
    const { heapUsed, external, handles } = await read(join(probes, String(pid)))
    const files = filesOf(pid)
    sum.heap += heapUsed
    sum.external += external
    sum.handles += handles
    sum.rss += memory(pid).rss
    sum.files += files.length
    sum.sockets += files.filter((file) => file.startsWith('socket:')).length
  }
  return sum
}

const Reading = Type.Object({ heapUsed: Type.Number(), external: Type.Number(), handles: Type.Number() })

function read(path: string) {
  return new Promise<{ heapUsed: number; external: number; handles: number }>((resolve, reject) => {
    let text = ''
    const socket = connect(path)
    socket.setEncoding('utf8').on('data', (chunk) => (text += chunk))
    socket.once('error', reject)
    socket.once('end', () => {
      const reading: unknown = JSON.parse(text)
      if (Value.Check(Reading, reading)) resolve(reading)
      else reject(new Error('not a reading of the probe'))
    })
  })
}

function filesOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((file) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${file}`)]
    } catch {
      // Closed since it was listed.
      return []
    }
  })
}
