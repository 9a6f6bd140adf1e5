import { knownSpeech } from '../providers/catalogue/speech.gen.ts'
import type { SpeechPrices } from '../providers/catalogue/speech.ts'
import { speechProviders } from '../providers/index.ts'
import type { Range, SpeechProvider, SttCapabilities, TtsCapabilities } from '../providers/speech.ts'
import { type SpeechPreset, speechPresetNames, speechPresetOf } from '../providers/speech-presets.ts'
import { code, keyPlaces, page, table } from './markdown.ts'

/** The page about who hears and who speaks, of what the providers of speech say of themselves. */
export function voicesPage(): string {
  return page('Who hears and who speaks', 'the providers of speech in providers/', [
    'What the gateway knows of the models that hear and of the voices that speak. [Speech](voice.md) tells how they are asked. A model that is not listed is asked for by its name as well.',
    table(
      ['Provider', 'Hears', 'Speaks', "The caller's key", "The operator's key", 'Other address'],
      speechProviders.map(providerRow),
    ),
    '## Models that hear',
    'The first of a provider is taken where its name stands alone. _Kinds_ are those of the files that go to the model as they are; another kind that is WAV is converted, anything else is refused. A model without kinds takes WAV and raw sound alone, as a stream.',
    table(['Model', 'Kinds', 'Largest file', 'Hints', 'A minute', 'Languages'], speechProviders.flatMap(hearingRows)),
    '## Models that speak',
    'The first of a provider is taken where `tts_model` is not given. `wav` and `pcm` are had from all, at any rate from 8 to 48 kHz: what a model does not make itself is converted. _Rates_ are those that it makes, in kHz, the best first. _Times_ are what `alignment` tells. _A text_ is the longest that is given to it at once, in characters; the gateway gives sentences.',
    table(
      ['Model', 'Besides', 'Rates', 'Speed', 'Volume', 'Emotion', 'Times', 'A text', 'Price'],
      speechProviders.flatMap(speakingRows),
    ),
    '### Languages and voices',
    'A language can be named by its tag, or by a longer one that begins with it. Where nothing is known, any is tried. A voice of Google is named in full, `en-US-Chirp3-HD-Kore`, or, of Chirp 3: HD, by its last word beside a `language`; one of Deepgram in full or by its own word, `thalia`.',
    table(['Model', 'Languages that can be named', 'Voices'], speechProviders.flatMap(voiceRows)),
    '### Emotions',
    ...emotionsInWords(),
    '## Servers of your own',
    "Presets of servers that speak OpenAI's audio API, for `VAI_SPEECH` and the member `preset`. [Speech](voice.md#servers-of-your-own) says how one is described that is not here.",
    table(['Name', 'Server', 'Address', 'Hears with', 'Speaks with'], speechPresetNames.flatMap(presetRow)),
  ])
}

function providerRow({ id, stt, tts, upstream }: SpeechProvider): string[] {
  return [
    code(id),
    stt ? 'yes' : '–',
    tts ? 'yes' : '–',
    upstream ? code(upstream.keyHeader) : '–',
    upstream ? keyPlaces(upstream) : '–',
    upstream ? code(upstream.baseURLVariable) : '–',
  ]
}

// ── Hearing ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Models that hear conversations alone, and no files, are not for messages; streams of PCM are. */
function hearingRows({ id, stt }: SpeechProvider): string[][] {
  if (!stt) return []
  return stt.models.map(({ name }) => {
    const { files, hints, languages }: SttCapabilities = stt.capabilities(name)
    return [
      code(`${id}/${name}`),
      files?.kinds.join(', ') ?? '–',
      files ? size(files.maxBytes) : '–',
      hints ? 'yes' : '–',
      priceInWords(`${id}/${name}`),
      languagesInWords(languages),
    ]
  })
}

function size(bytes: number): string {
  return bytes >= 1e9 ? `${Math.floor(bytes / 1e8) / 10} GB` : `${Math.floor(bytes / 1e6)} MB`
}

// ── Speaking ────────────────────────────────────────────────────────────────────────────────────────────────────────────

function speakingRows({ id, tts }: SpeechProvider): string[][] {
  if (!tts) return []
  return tts.models.map(({ name }) => {
    const known: TtsCapabilities = tts.capabilities(name)
    const { pcmRates, mp3, opus, speed, volume, emotions, alignment, maxCharacters } = known
    return [
      code(`${id}/${name}`),
      [...(mp3 ? ['mp3'] : []), ...(opus ? ['opus'] : [])].join(', ') || '–',
      pcmRates.map((rate) => String(rate / 1000)).join(', '),
      rangeInWords(speed),
      rangeInWords(volume),
      emotions === 'any' ? 'any words' : emotions ? `${emotions.length} names` : '–',
      alignment === undefined ? '–' : `of ${alignment === 'char' ? 'characters' : 'words'}`,
      String(maxCharacters),
      priceInWords(`${id}/${name}`),
    ]
  })
}

function voiceRows({ id, tts }: SpeechProvider): string[][] {
  if (!tts) return []
  return tts.models.map(({ name }) => {
    const { languages, voices } = tts.capabilities(name)
    return [
      code(`${id}/${name}`),
      languagesInWords(languages),
      voices?.map(code).join(', ') ?? "the provider's, and your own there",
    ]
  })
}

/** Models that know the same names share a line. */
function emotionsInWords(): string[] {
  const models = new Map<string, string[]>()
  for (const { id, tts } of speechProviders) {
    for (const { name } of tts?.models ?? []) {
      const emotions = tts?.capabilities(name).emotions
      if (emotions === undefined) continue
      const key = emotions === 'any' ? 'any words' : emotions.join(', ')
      models.set(key, [...(models.get(key) ?? []), code(`${id}/${name}`)])
    }
  }
  return [[...models].map(([emotions, names]) => `- ${names.join(', ')}: ${emotions}.`).join('\n')]
}

function rangeInWords(range: Range | undefined): string {
  return range ? `${range.least} to ${range.most}` : '–'
}

// ── Both ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

function languagesInWords(languages: readonly string[] | undefined): string {
  if (languages === undefined) return 'any is tried'
  return languages.join(', ') || 'none: the model finds out'
}

const prices: ReadonlyMap<string, SpeechPrices | undefined> = new Map(knownSpeech.map(({ id, speech }) => [id, speech]))

function priceInWords(model: string): string {
  const known = prices.get(model)
  if (!known) return 'not known'
  const { per_minute_heard: heard, per_million_characters: characters, per_minute_spoken: spoken } = known
  if (heard !== undefined) return `$${rounded(heard)}`
  return characters !== undefined ? `$${rounded(characters)} a million characters` : `$${rounded(spoken ?? 0)} a minute`
}

function rounded(dollars: number): number {
  return Math.round(dollars * 1e6) / 1e6
}

// ── Servers of the operator's own ───────────────────────────────────────────────────────────────────────────────────────

function presetRow(id: string): string[][] {
  const preset: SpeechPreset | undefined = speechPresetOf(id)
  if (!preset) return []
  const { name, baseURL, stt, tts } = preset
  return [[code(id), name, code(baseURL), stt ? code(stt.defaultModel) : '–', tts ? code(tts.defaultModel) : '–']]
}
