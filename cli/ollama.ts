import http, { type IncomingMessage } from 'node:http'
import { type Clock, systemClock } from '../api/clock.ts'
import { arrayOf, isRecord, parseJson } from '../api/json.ts'
import type { Config } from '../config.ts'

/** An Ollama that answered when the gateway started. */
export interface FoundOllama {
  /** The id of the provider that it is already, so that it can be called; undefined where it is none. */
  readonly providerId: string | undefined
  /** The names of its models. */
  readonly models: readonly string[]
}

/**
 * The Ollama that is a provider, or else the one on this machine's usual port; undefined where none answers in time. Never throws,
 * and takes no longer than 1 s.
 */
export async function lookForOllama(
  config: Config,
  clock: Clock = systemClock,
  usualAddress = 'http://127.0.0.1:11434',
): Promise<FoundOllama | undefined> {
  if (!config.ollama_detect) return undefined
  const baseURL = config.baseURLs.get(ollama)
  const models = await modelsOf(baseURL ?? new URL(usualAddress), clock)
  return models && { providerId: baseURL && ollama, models }
}

async function modelsOf(root: URL, clock: Clock): Promise<readonly string[] | undefined> {
  const patience = new AbortController()
  const timer = clock.after(patienceMs, () => patience.abort())
  try {
    const text = await textAt(new URL('/api/tags', root), patience.signal)
    const body = text === undefined ? undefined : parseJson(text)
    if (!isRecord(body) || !Array.isArray(body.models)) return undefined
    return arrayOf(body.models).flatMap((model) => (isRecord(model) && typeof model.name === 'string' ? [model.name] : []))
  } catch {
    // Nobody is there, or it is somebody else.
    return undefined
  } finally {
    timer.cancel()
  }
}

/** Not by the global `fetch`, whose first use alone takes four megabytes. */
async function textAt(url: URL, signal: AbortSignal): Promise<string | undefined> {
  const { get } = url.protocol === 'https:' ? await import('node:https') : http
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { signal, agent: false }, resolve).once('error', reject)
  })
  if (response.statusCode !== 200) {
    response.destroy()
    return undefined
  }
  let text = ''
  for await (const piece of response.setEncoding('utf8')) text += piece
  return text
}

/** The preset whose provider it is, or would be. */
export const ollama = 'ollama'

const patienceMs = 1000
