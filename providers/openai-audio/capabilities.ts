import { openaiUpstream } from '../openai-upstream.ts'
import type { SttCapabilities, TtsCapabilities } from '../speech.ts'
import type { AudioDialect, HearingDialect, HearingTraits, SpeakingDialect, SpeakingTraits } from './dialect.ts'
import { whisperLanguages } from './languages.ts'

/** OpenAI itself. */
export const openaiAudioDialect: AudioDialect = {
  id: 'openai',
  name: 'OpenAI',
  upstream: openaiUpstream,
  hearing: {
    models: [
      { name: 'gpt-4o-transcribe', displayName: 'GPT-4o Transcribe' },
      { name: 'gpt-4o-mini-transcribe', displayName: 'GPT-4o mini Transcribe' },
      { name: 'gpt-transcribe', displayName: 'GPT Transcribe' },
      { name: 'gpt-live-transcribe', displayName: 'GPT Live Transcribe' },
      { name: 'gpt-4o-transcribe-diarize', displayName: 'GPT-4o Transcribe Diarize' },
      { name: 'gpt-realtime-whisper', displayName: 'GPT Realtime Whisper' },
      { name: 'whisper-1', displayName: 'Whisper' },
    ],
    path: '/audio/transcriptions',
    kinds: ['wav', 'mp3', 'flac', 'ogg', 'webm', 'mp4'],
    // The limit of 25 MiB is one of the whole form.
    maxBytes: 25_000_000,
    languages: whisperLanguages,
    traits: hearingTraits,
    realtime: { modelInURL: false, session: 'nested' },
  },
  speaking: {
    models: [
      { name: 'gpt-4o-mini-tts', displayName: 'GPT-4o mini TTS' },
      { name: 'tts-1', displayName: 'TTS-1' },
      { name: 'tts-1-hd', displayName: 'TTS-1 HD' },
    ],
    path: '/audio/speech',
    formats: ['pcm', 'mp3', 'opus'],
    pcmRate: 24_000,
    sendsRate: false,
    maxCharacters: 4096,
    traits: speakingTraits,
  },
}

function hearingTraits(model: string): HearingTraits {
  if (model.startsWith('whisper-')) return { files: 'words', language: 'one', hints: 'prompt', turns: 'semantic' }
  if (/^gpt-4o(?:-mini)?-transcribe-diarize/.test(model)) {
    return { files: 'cut', language: 'one', hints: 'none', turns: 'semantic' }
  }
  if (model.startsWith('gpt-transcribe')) return { files: 'streamed', language: 'list', hints: 'keywords', turns: 'semantic' }
  if (model.startsWith('gpt-live-transcribe')) return { files: 'none', language: 'list', hints: 'keywords', turns: 'none' }
  if (model.startsWith('gpt-realtime-whisper')) return { files: 'none', language: 'one', hints: 'none', turns: 'none' }
  const isKnown = /^gpt-4o(?:-mini)?-transcribe/.test(model)
  return { files: isKnown ? 'streamed' : 'text', language: 'one', hints: 'prompt', turns: 'semantic' }
}

const firstVoices = ['alloy', 'ash', 'coral', 'echo', 'fable', 'nova', 'onyx', 'sage', 'shimmer']
const allVoices = [...firstVoices, 'ballad', 'verse', 'marin', 'cedar'].sort()
const speeds = { least: 0.25, most: 4 }

function speakingTraits(model: string): SpeakingTraits {
  if (model.startsWith('tts-1')) return { voices: firstVoices, speed: speeds, instructions: false }
  // It takes a speed and speaks as ever.
  if (model.startsWith('gpt-4o-mini-tts')) return { voices: allVoices, speed: undefined, instructions: true }
  return { voices: undefined, speed: speeds, instructions: true }
}

export function sttCapabilities(
  { kinds, maxBytes, languages, traits, realtime }: HearingDialect,
  model: string,
): SttCapabilities {
  const { files, hints, turns } = traits(model)
  return {
    ...(files !== 'none' && { files: { kinds, maxBytes } }),
    ...(realtime && turns && { stream: { pcmRates: [streamRate], mulaw: false, turns, eagerEnd: false } }),
    languages,
    hints: hints !== 'none',
  }
}

/** Hertz: the only rate that a socket takes. */
export const streamRate = 24_000

export function ttsCapabilities({ formats, pcmRate, maxCharacters, traits }: SpeakingDialect, model: string): TtsCapabilities {
  const { voices, speed, instructions } = traits(model)
  return {
    pcmRates: [pcmRate],
    mulaw: false,
    mp3: formats.includes('mp3'),
    opus: formats.includes('opus'),
    speed,
    volume: undefined,
    emotions: instructions ? 'any' : undefined,
    voices,
    languages: instructions ? whisperLanguages : [],
    alignment: undefined,
    maxCharacters,
  }
}
