import { flag, integer, json, patterns, secretURL, text } from './setting.ts'

/** How the gateway hears and speaks. */
export const voiceSettings = {
  stt_model: text(
    'VAI_STT_MODEL',
    '',
    'The model that hears where a request names none, as `provider/name`. Default: the first provider that hears and whose key the caller brings or the gateway has.',
  ),
  voice_fallbacks: patterns(
    'VAI_VOICE_FALLBACKS',
    'Voices that go on where a voice fails, in order, as `provider/voice`; those that cannot do what a request asks are passed over.',
    { is: (text) => /^[^/*\s]+\/\S+$/.test(text), expected: 'a voice as provider/voice', accepts: 'provider/voice, …' },
  ),
  greetings: json(
    'VAI_GREETINGS',
    'Texts that are spoken when the gateway starts and kept ready: a list of objects with `text` and `voice`, and whatever else `voice.output` takes. See voice.md.',
  ),
  limit_audio_blocks: integer('VAI_LIMIT_AUDIO_BLOCKS', 16, 1, 1000, 'The most blocks of sound that are heard for one request.'),
  limit_audio_seconds: integer(
    'VAI_LIMIT_AUDIO_SECONDS',
    1800,
    1,
    24 * 3600,
    'All sound that is heard for one request together, in seconds.',
  ),
  limit_speech_characters: integer(
    'VAI_LIMIT_SPEECH_CHARACTERS',
    20_000,
    1,
    10_000_000,
    'How much of an answer is spoken, in characters; the rest is text alone.',
  ),
  limit_speech_bytes: integer(
    'VAI_LIMIT_SPEECH_BYTES',
    64 * 1024 ** 2,
    1024,
    1024 ** 3,
    'The largest sound of an answer in one piece, in bytes; what is longer is had as a stream.',
  ),
  stt_parallel: integer('VAI_STT_PARALLEL', 4, 1, 100, 'How many blocks of a request are heard at the same time.'),
  stt_ms: integer('VAI_STT_MS', 120_000, 1, 3_600_000, 'How long it may take to hear a block, in milliseconds.'),
  tts_first_audio_ms: integer(
    'VAI_TTS_FIRST_AUDIO_MS',
    10_000,
    1,
    600_000,
    'How long a provider may take to begin to speak a sentence, in milliseconds.',
  ),
  tts_idle_ms: integer(
    'VAI_TTS_IDLE_MS',
    10_000,
    1,
    600_000,
    'How long a provider may be silent in the middle of a sentence, in milliseconds.',
  ),
  tts_cache_bytes: integer(
    'VAI_TTS_CACHE_BYTES',
    64 * 1024 ** 2,
    0,
    1024 ** 4,
    'How much speech a process keeps in memory, in bytes: the same sentence in the same voice is not asked for again. 0 for none.',
  ),
  tts_cache_redis_url: secretURL(
    'VAI_TTS_CACHE_REDIS_URL',
    ['redis:', 'rediss:'],
    'The Redis in which several gateways keep speech together. Default: each process for itself.',
  ),
  tts_cache_ttl_ms: integer(
    'VAI_TTS_CACHE_TTL_MS',
    7 * 24 * 3_600_000,
    1000,
    365 * 24 * 3_600_000,
    'How long speech is kept in Redis, in milliseconds.',
  ),
  tts_cache_shared: flag(
    'VAI_TTS_CACHE_SHARED',
    false,
    'Whether tenants share the speech that is kept. It shows by how fast it comes what others had spoken.',
  ),
}
