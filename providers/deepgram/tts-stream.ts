import { GatewayError } from '../../api/error.ts'
import { stringOf } from '../../api/json.ts'
import type { Flush, SpeechCall, TtsEvent, TtsOptions } from '../speech.ts'
import { SoundGuard } from '../speech-guard.ts'
import { closedEarly } from '../speech-socket.ts'
import { SourceReader } from '../speech-source.ts'
import { openSocket, readMessage } from './connection.ts'
import { codeOfReason, errorMessage, sourceOf } from './failure.ts'
import { TextFeeder } from './tts-feeder.ts'
import { streamRequest } from './tts-request.ts'
import type { VoiceFamily } from './voices.ts'

/** Speaks a text that is still being written, over the socket of the voice's family, which makes PCM and µ-law alone. */
export async function* speak(
  text: AsyncIterable<string | Flush>,
  options: TtsOptions,
  call: SpeechCall,
): AsyncGenerator<TtsEvent> {
  const source = sourceOf(call)
  const written = new SourceReader(text)
  try {
    const request = streamRequest(options, call.model)
    if (request === undefined) throw notStreamed(options)
    const { family } = request
    const socket = await openSocket(call, source, request.path, request.query)
    const guard = new SoundGuard(options.format, source)
    const feeder = new TextFeeder(socket, call.clock, family === 'aura-2', (characters) => guard.expect(characters))
    let charged: number | undefined
    try {
      feeder.run(written).catch((reason: unknown) => socket.fail(reason))
      for (;;) {
        const message = await socket.receive()
        if (message.type === 'binary') {
          if (guard.take(message.bytes)) yield { type: 'audio', bytes: message.bytes }
          continue
        }
        if (message.type === 'closed') {
          if (!feeder.isOver) throw closedEarly(source, message, codeOfReason)
          break
        }
        const said = readMessage(message.text, source)
        if (said.type === 'Error') throw errorMessage(source, said)
        // What the warning says may hold the text.
        if (said.type === 'Warning')
          call.log.warn({ provider: source.id, code: stringOf(said.code) }, 'a provider of speech warns')
        if (said.type !== endOfSpeech[family]) continue
        if (typeof said.billable_character_count === 'number') charged = (charged ?? 0) + said.billable_character_count
        for (let asked = feeder.spoken(); asked > 0; asked--) yield { type: 'flushed' }
        if (feeder.isOver) break
      }
    } finally {
      feeder.stop()
      socket.close()
    }
    if (feeder.hasWords) guard.end()
    else guard.pause()
    yield { type: 'done', ...(charged !== undefined && { characters: charged }) }
  } finally {
    written.stop()
  }
}

/** What comes once for each flush, after all of its sound. Flux says `Flushed` when it has merely heard of it. */
const endOfSpeech: Readonly<Record<VoiceFamily, string>> = { 'aura-2': 'Flushed', flux: 'SpeechMetadata' }

function notStreamed({ format }: TtsOptions): GatewayError {
  return new GatewayError('unsupported_parameter', {
    message: `Deepgram streams PCM and µ-law, not ${format.encoding}.`,
    code: 'unsupported_format',
    param: 'format',
  })
}
