import { jsonBytes } from '../../text/json-bytes.ts'
import type { SpeechCall, TtsEvent, TtsOptions } from '../speech.ts'
import { SoundGuard } from '../speech-guard.ts'
import { mayBeSound, mediaTypeOf, soundless } from '../speech-http.ts'
import { WavUnwrapper } from '../speech-wav.ts'
import type { AudioDialect, SpeakingDialect } from './dialect.ts'
import { speechRequest } from './encode.ts'
import { request, sourceOf } from './request.ts'

/** Speaks a text that is known in whole. */
export async function* synthesize(
  text: string,
  options: TtsOptions,
  call: SpeechCall,
  dialect: AudioDialect,
  speaking: SpeakingDialect,
): AsyncGenerator<TtsEvent> {
  const source = sourceOf(call, dialect)
  const { format } = options
  const body = jsonBytes(speechRequest(text, options, call.model, speaking))
  const response = await request(call, dialect, speaking.path, body, { accept: '*/*' })
  if (!mayBeSound(response)) throw await soundless(response, call, source)
  const guard = new SoundGuard(format, source)
  guard.expect(text.length)
  guard.called(mediaTypeOf(response))
  // Servers send WAV also where raw sound was asked for.
  const wav = format.encoding === 'pcm' ? new WavUnwrapper(format, source, !speaking.formats.includes('pcm')) : undefined
  for await (const chunk of response.body) {
    const bytes = wav ? wav.feed(chunk) : chunk
    if (bytes.length > 0 && guard.take(bytes)) yield { type: 'audio', bytes }
  }
  const rest = wav?.end()
  if (rest && rest.length > 0 && guard.take(rest)) yield { type: 'audio', bytes: rest }
  guard.end()
  yield { type: 'done' }
}
