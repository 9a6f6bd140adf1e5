import { Worker } from 'node:worker_threads'
import { parseJson } from '../../api/json.ts'
import { countMembers, scanJson } from '../../text/json-text.ts'

/** A file of keys as it was parsed, or what is wrong with its text; never a piece of the text itself. */
export type Parsed = { readonly document: unknown } | { readonly problem: string }

/** Parses JSON or YAML. However much YAML there is, the process goes on answering meanwhile. */
export async function parseKeys(text: string): Promise<Parsed> {
  const json = parseJson(text)
  // Of two members alike JSON.parse takes the last without a word; the other parser says where the second stands.
  if (json !== undefined && scanJson(text).members === countMembers(json)) return filled(json)
  const parsed = text.length > fewCharacters && isBuilt ? await parseInThread(text) : await parseHere(text)
  return 'document' in parsed ? filled(parsed.document) : parsed
}

/** So many characters of YAML take some milliseconds to parse, less than a thread takes to start. */
const fewCharacters = 4096
/** A thread cannot run what is not compiled. */
const isBuilt = import.meta.url.endsWith('.js')

/** A file in the middle of being written is empty for a moment, and is not to turn everybody away. */
function filled(document: unknown): Parsed {
  return document === null ? { problem: 'is empty; where there are no keys it says `keys: []`' } : { document }
}

async function parseHere(text: string): Promise<Parsed> {
  // Few have a file of YAML; the others need not wait for the parser.
  const { parseYaml } = await import('./yaml.ts')
  return parseYaml(text)
}

function parseInThread(text: string): Promise<Parsed> {
  const thread = new Worker(new URL('yaml-thread.js', import.meta.url), { workerData: text })
  return new Promise((resolve, reject) => {
    thread.once('message', resolve)
    thread.once('error', reject)
    thread.once('exit', () => reject(new Error('the thread that parses YAML ended without a word')))
  })
}
