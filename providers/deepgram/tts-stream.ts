import { GatewayError } from '../../api/error.ts'
import { stringOf } from '../../api/json.ts'
import { emptyAnswer } from '../failure.ts'
import type { Flush, SpeechCall, TtsEvent, TtsOptions } from '../speech.ts'
import { closedEarly, errorMessage, sourceOf } from './failure.ts'
import { leave, openSession, readMessage } from './session.ts'
import { SoundGate } from './sound.ts'
import { TextFeeder } from './tts-feeder.ts'
import { soundLimit, streamRequest } from './tts-request.ts'
import type { VoiceFamily } from './voices.ts'

/** Speaks a text that is still being written, over the socket of the voice's family, which makes PCM and µ-law alone. */
export async function* speak(
  text: AsyncIterable<string | Flush>,
  options: TtsOptions,
  call: SpeechCall,
): AsyncGenerator<TtsEvent> {
  const source = sourceOf(call)
  const pieces = text[Symbol.asyncIterator]()
  try {
    const request = streamRequest(options, call.model)
    if (request === undefined) throw notStreamed(options)
    const { family } = request
    const session = await openSession(call, source, request.path, request.query)
    const feeder = new TextFeeder(session, call.clock, family === 'aura-2')
    const gate = new SoundGate(options.format, source)
    let charged: number | undefined
    try {
      session.feed(feeder.run(pieces))
      for (;;) {
        const message = await session.receive()
        if (message.type === 'binary') {
          gate.limit = soundLimit(options.format, feeder.characters, mostSeconds)
          gate.pass(message.bytes)
          yield { type: 'audio', bytes: message.bytes }
          continue
        }
        if (message.type === 'closed') {
          if (!feeder.isOver) throw closedEarly(source, message)
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
      session.close()
    }
    gate.end()
    if (gate.bytes === 0 && feeder.isSpeakable) throw emptyAnswer(source)
    yield { type: 'done', ...(charged !== undefined && { characters: charged }) }
  } finally {
    leave(pieces)
  }
}

/** Longer than any answer is spoken. */
const mostSeconds = 3600

/** What comes once for each flush, after all of its sound. Flux says `Flushed` when it has merely heard of it. */
const endOfSpeech: Readonly<Record<VoiceFamily, string>> = { 'aura-2': 'Flushed', flux: 'SpeechMetadata' }

function notStreamed({ format }: TtsOptions): GatewayError {
  return new GatewayError('unsupported_parameter', {
    message: `Deepgram streams PCM and µ-law, not ${format.encoding}.`,
    code: 'unsupported_format',
    param: 'format',
  })
}
