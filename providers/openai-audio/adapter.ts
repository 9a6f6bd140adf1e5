import type { RawFormat, SpeechProvider, SpeechToText, TextToSpeech } from '../speech.ts'
import { streamRate, sttCapabilities, ttsCapabilities } from './capabilities.ts'
import { sttIssues, ttsIssues } from './check.ts'
import type { AudioDialect, HearingDialect, SpeakingDialect } from './dialect.ts'
import { transcribe } from './realtime.ts'
import { synthesize } from './synthesize.ts'
import { transcribeFile } from './transcribe-file.ts'

/** An adapter for a server that speaks OpenAI's audio API. What is its own is data. */
export function createOpenAiAudio(dialect: AudioDialect): SpeechProvider {
  const { id, name, upstream, hearing, speaking } = dialect
  return {
    id,
    name,
    upstream,
    ...(hearing && { stt: hearingOf(dialect, hearing) }),
    ...(speaking && { tts: speakingOf(dialect, speaking) }),
  }
}

function hearingOf(dialect: AudioDialect, hearing: HearingDialect): SpeechToText {
  const { models, realtime } = hearing
  return {
    models,
    capabilities: (model) => sttCapabilities(hearing, model),
    check: (options, model) => sttIssues(options, model, hearing),
    transcribeFile: (file, options, call) => transcribeFile(file, options, call, dialect, hearing),
    ...(realtime && {
      transcribe: (audio, format, options, call) => {
        if (!isHeard(format)) throw new TypeError('the sound was promised as PCM at a rate of the capabilities')
        return transcribe(audio, options, call, dialect, hearing, realtime)
      },
    }),
  }
}

function isHeard(format: RawFormat): boolean {
  return format.encoding === 'pcm' && format.rate === streamRate
}

function speakingOf(dialect: AudioDialect, speaking: SpeakingDialect): TextToSpeech {
  return {
    models: speaking.models,
    capabilities: (model) => ttsCapabilities(speaking, model),
    check: (options, model) => ttsIssues(options, model, speaking),
    synthesize: (text, options, call) => synthesize(text, options, call, dialect, speaking),
  }
}
