import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Delivery, type Reply, reply } from './behaviour.ts'
import { isObject, stringOf } from './json.ts'

/** A recorded answer of a real provider. */
export interface Recording {
  /** Its path below the fixtures' folder; also its name in tests. */
  readonly file: string
  readonly provider: string
  readonly api: string
  readonly stream: boolean
  /** 200 where the recording does not say. */
  readonly status: number
  readonly contentType: string
  /** What it exercises. */
  readonly features: string
  /** Bytes. */
  readonly size: number
}

/** The folder of recorded provider traffic, from `VAI_FIXTURES_DIR` or beside the project; undefined where there is none. */
export function fixturesDir(): string | undefined {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const folder = resolve(root, process.env.VAI_FIXTURES_DIR || '../shared/fixtures')
  return existsSync(resolve(folder, 'manifest.json')) ? folder : undefined
}

/** The recordings that the filter takes, in the manifest's order; none where the folder is not there. */
export async function recordings(filter: (recording: Recording) => boolean = () => true): Promise<Recording[]> {
  const folder = fixturesDir()
  if (folder === undefined) return []
  const manifest: unknown = JSON.parse(await readFile(resolve(folder, 'manifest.json'), 'utf8'))
  if (!Array.isArray(manifest)) throw new Error('the manifest of the recordings is not a list')
  return manifest.filter(isObject).map(recordingOf).filter(filter)
}

/** The recording's bytes as they were sent. Throws where the recordings are not there. */
export async function recordedBytes(recording: Pick<Recording, 'file'>): Promise<Uint8Array> {
  const folder = fixturesDir()
  if (folder === undefined) throw new Error('the recorded traffic is not there')
  return readFile(resolve(folder, recording.file))
}

/** The recording as an answer: its status, content type and bytes, delivered as `delivery` says. */
export async function replay(recording: Recording, delivery: Delivery = {}): Promise<Reply> {
  const headers = { 'content-type': recording.contentType }
  return reply(await recordedBytes(recording), { ...delivery, status: recording.status, headers })
}

function recordingOf(row: Readonly<Record<string, unknown>>): Recording {
  return {
    file: stringOf(row.file),
    provider: stringOf(row.provider),
    api: stringOf(row.api),
    stream: row.stream === true,
    status: typeof row.status === 'number' ? row.status : 200,
    contentType: stringOf(row.content_type) || 'application/octet-stream',
    features: stringOf(row.features),
    size: typeof row.size === 'number' ? row.size : 0,
  }
}
