import { afterEach } from 'vitest'
import type { SpeechCall } from '../../../providers/speech.ts'
import { speechCall, type TestCall } from '../../speech-call.ts'
import { type DeepgramScript, deepgramKey, startDeepgram } from '../../upstreams/deepgram.ts'
import type { Upstream } from '../../upstreams/upstream.ts'

const started: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const each of started.splice(0)) await each.close()
})

/** A simulated Deepgram and a call to it, both gone after the test. */
export async function staged(
  model: string,
  script: DeepgramScript = {},
  changes: Partial<SpeechCall> = {},
): Promise<{ readonly upstream: Upstream; readonly test: TestCall }> {
  const upstream = await startDeepgram(script)
  const test = speechCall(upstream.url, deepgramKey, model, changes)
  started.push(test, upstream)
  return { upstream, test }
}
