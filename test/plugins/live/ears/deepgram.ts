import { afterEach } from 'vitest'
import { deepgram } from '../../../../providers/deepgram/index.ts'
import { type DeepgramScript, deepgramKey, startDeepgram } from '../../../upstreams/deepgram.ts'
import type { Upstream } from '../../../upstreams/upstream.ts'
import { type Setting, type Stage, staged } from './stage.ts'

const open: Upstream[] = []

afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})

/** Ears that hear with a simulated Deepgram. */
export async function withDeepgram(
  script: DeepgramScript = {},
  changes: Partial<Setting> = {},
): Promise<Stage & { readonly upstream: Upstream }> {
  const upstream = await startDeepgram(script)
  open.push(upstream)
  const stage = staged({ provider: deepgram, model: 'nova-3', url: upstream.url, key: deepgramKey, ...changes })
  // Not spread: what it was told grows.
  return Object.assign(stage, { upstream })
}
