// Generated from providers/catalogue/speech.yaml by `npm run generate`. Do not edit.

import type { CatalogueEntry } from './entry.ts'

/** The models of speech whose prices this version knows, apart from those of language. */
export const knownSpeech: readonly CatalogueEntry[] = [
  {"id":"deepgram/nova-3","display_name":"Nova-3","speech":{"per_minute_heard":0.0077,"as_of":"2026-11-21","source":"https://deepgram.com/pricing"}},
  {"id":"deepgram/flux-general-en","display_name":"Flux (English)","speech":{"per_minute_heard":0.0065,"as_of":"2026-11-21","source":"https://deepgram.com/pricing"}},
  {"id":"deepgram/flux-general-multi","display_name":"Flux (multilingual)","speech":{"per_minute_heard":0.0078,"as_of":"2026-11-21","source":"https://deepgram.com/pricing"}},
  {"id":"deepgram/aura-2","display_name":"Aura-2","speech":{"per_million_characters":30,"as_of":"2026-11-21","source":"https://deepgram.com/pricing"}},
  {"id":"deepgram/aura-1","display_name":"Aura-1","speech":{"per_million_characters":15,"as_of":"2026-11-21","source":"https://deepgram.com/pricing"}},
  {"id":"elevenlabs/eleven_flash_v2_5","display_name":"Eleven Flash v2.5","speech":{"per_million_characters":50,"as_of":"2026-11-21","source":"https://elevenlabs.io/pricing/api"}},
  {"id":"elevenlabs/eleven_flash_v2","display_name":"Eleven Flash v2","speech":{"per_million_characters":50,"as_of":"2026-11-21","source":"https://elevenlabs.io/pricing/api"}},
  {"id":"elevenlabs/eleven_turbo_v2_5","display_name":"Eleven Turbo v2.5","speech":{"per_million_characters":50,"as_of":"2026-11-21","source":"https://elevenlabs.io/pricing/api"}},
  {"id":"elevenlabs/eleven_turbo_v2","display_name":"Eleven Turbo v2","speech":{"per_million_characters":50,"as_of":"2026-11-21","source":"https://elevenlabs.io/pricing/api"}},
  {"id":"elevenlabs/eleven_multilingual_v2","display_name":"Eleven Multilingual v2","speech":{"per_million_characters":100,"as_of":"2026-11-21","source":"https://elevenlabs.io/pricing/api"}},
  {"id":"elevenlabs/eleven_v3","display_name":"Eleven v3","speech":{"per_million_characters":100,"as_of":"2026-11-21","source":"https://elevenlabs.io/pricing/api"}},
  {"id":"elevenlabs/scribe_v2","display_name":"Scribe v2","speech":{"per_minute_heard":0.0036666667,"as_of":"2026-11-21","source":"https://elevenlabs.io/pricing/api"}},
  {"id":"elevenlabs/scribe_v1","display_name":"Scribe v1","speech":{"per_minute_heard":0.0036666667,"as_of":"2026-11-21","source":"https://elevenlabs.io/pricing/api"}},
  {"id":"elevenlabs/scribe_v2_realtime","display_name":"Scribe v2 Realtime","speech":{"per_minute_heard":0.0065,"as_of":"2026-11-21","source":"https://elevenlabs.io/pricing/api"}},
  {"id":"google/chirp-3-hd","display_name":"Chirp 3: HD","speech":{"per_million_characters":30,"as_of":"2026-11-21","source":"https://cloud.google.com/text-to-speech/pricing"}},
  {"id":"google/neural2","display_name":"Neural2","speech":{"per_million_characters":16,"as_of":"2026-11-21","source":"https://cloud.google.com/text-to-speech/pricing"}},
  {"id":"google/studio","display_name":"Studio","speech":{"per_million_characters":160,"as_of":"2026-11-21","source":"https://cloud.google.com/text-to-speech/pricing"}},
  {"id":"google/standard","display_name":"Standard","speech":{"per_million_characters":4,"as_of":"2026-11-21","source":"https://cloud.google.com/text-to-speech/pricing"}},
  {"id":"openai/gpt-4o-transcribe","display_name":"GPT-4o Transcribe","speech":{"per_minute_heard":0.006,"as_of":"2026-11-21","source":"https://developers.openai.com/api/docs/pricing"}},
  {"id":"openai/gpt-4o-mini-transcribe","display_name":"GPT-4o mini Transcribe","speech":{"per_minute_heard":0.003,"as_of":"2026-11-21","source":"https://developers.openai.com/api/docs/pricing"}},
  {"id":"openai/whisper-1","display_name":"Whisper","speech":{"per_minute_heard":0.006,"as_of":"2026-11-21","source":"https://developers.openai.com/api/docs/pricing"}},
  {"id":"openai/gpt-4o-mini-tts","display_name":"GPT-4o mini TTS","speech":{"per_minute_spoken":0.015,"as_of":"2026-11-21","source":"https://developers.openai.com/api/docs/pricing"}},
  {"id":"openai/tts-1","display_name":"TTS-1","speech":{"per_million_characters":15,"as_of":"2026-11-21","source":"https://developers.openai.com/api/docs/pricing"}},
  {"id":"openai/tts-1-hd","display_name":"TTS-1 HD","speech":{"per_million_characters":30,"as_of":"2026-11-21","source":"https://developers.openai.com/api/docs/pricing"}},
  {"id":"demo/meter","display_name":"Meter (demo)","speech":{"per_minute_heard":0,"as_of":"2026-11-21","source":"made here"}},
  {"id":"demo/tones","display_name":"Tones (demo)","speech":{"per_million_characters":0,"as_of":"2026-11-21","source":"made here"}},
]
