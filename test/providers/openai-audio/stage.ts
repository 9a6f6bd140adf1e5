import { afterEach } from 'vitest'
import type { SpeechCall } from '../../../providers/speech.ts'
import { speechCall, type TestCall } from '../../speech-call.ts'
import { type OpenAiAudioOptions, openAiAudioKey, startOpenAiAudio } from '../../upstreams/openai-audio.ts'
import type { Upstream } from '../../upstreams/upstream.ts'

const open: { close(): Promise<void> }[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

/** A simulated OpenAI and a call to it, both gone after the test. */
export async function started(
  options: OpenAiAudioOptions,
  model: string,
  changes: Partial<SpeechCall> = {},
): Promise<{ readonly upstream: Upstream; readonly test: TestCall }> {
  const upstream = await startOpenAiAudio(options)
  const test = speechCall(`${upstream.url}/v1`, openAiAudioKey, model, changes)
  open.push(upstream, test)
  return { upstream, test }
}
