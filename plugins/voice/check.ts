import type { IssueCode } from '../../api/issue-codes.ts'
import type { Issue } from '../../api/schemas.gen.ts'
import { rateFor } from '../../audio/rate.ts'
import type { Range, SpeechIssue, SttOptions, TtsCapabilities, TtsOptions } from '../../providers/speech.ts'
import type { Asked, AskedBlock, AskedOutput } from './asked.ts'
import type { HearingModel, HearingPlan, SoundBlock, SoundSource, SpeakingPlan, SpeakingVoice } from './plan.ts'

/** Whether what is asked of voice can be done, as far as that is known before anybody is asked. */

/** The issues of the blocks and of what is said about hearing; the plan holds what is well-formed. */
export function hearingOf(asked: Asked, model: HearingModel, mostBlocks: number): Checked<HearingPlan> {
  const issues: Issue[] = []
  if (asked.blocks.length > mostBlocks) {
    const message = `the sound of at most ${mostBlocks} blocks is heard for one request, not of ${asked.blocks.length}; send transcripts of earlier ones as text`
    issues.push({ param: 'messages', code: 'too_large', message })
  }
  const blocks = asked.blocks.flatMap((block): SoundBlock[] => {
    const problem = blockProblem(block)
    if (problem) issues.push(problem)
    const source = sourceOf(block)
    if (!source) return []
    const { param, message, sampleRate, channels } = block
    return [{ param, message, source, language: block.language ?? asked.language, sampleRate, channels }]
  })
  issues.push(...languageIssues(asked, model))
  const capabilities = model.stt.capabilities(model.name)
  if (asked.hints.length > 0 && !capabilities.hints) {
    issues.push(issue('voice.input.hints', 'unsupported_parameter', `${model.id} takes no hints; leave them out`))
  }
  const options: SttOptions = { language: asked.language, hints: capabilities.hints ? asked.hints : [] }
  issues.push(...(model.stt.check?.(options, model.name) ?? []).map(toldIn('voice.input')))
  return { plan: { model, hints: asked.hints, blocks }, issues: firstOfEach(issues) }
}

export interface Checked<Plan> {
  readonly plan: Plan
  readonly issues: readonly Issue[]
}

/** How an answer is spoken by a voice; `fallbacks` are those of the operator, of which those are kept that can do what is asked. */
export function speakingOf(
  output: AskedOutput,
  voice: SpeakingVoice,
  fallbacks: readonly SpeakingVoice[],
): Checked<SpeakingPlan> {
  const capabilities = voice.tts.capabilities(voice.name)
  const rate = output.sampleRate ?? capabilities.pcmRates[0]
  const plan: SpeakingPlan = {
    voice,
    fallbacks: fallbacks.filter((each) => voiceIssues(output, each, rate).length === 0 && !isSame(each, voice)),
    format: output.format,
    rate,
    language: output.language,
    textLanguage: output.language ?? voice.tts.about?.(voice.voice).language,
    speed: output.speed,
    volume: output.volume,
    emotion: output.emotion,
    alignment: output.alignment,
  }
  const issues = [...voiceIssues(output, voice, rate)]
  if (output.sampleRate !== undefined && (output.format === 'mp3' || output.format === 'opus')) {
    issues.push(issue('voice.output.sample_rate', 'conflict', `${output.format} has a rate of its own; leave it out`))
  }
  return { plan, issues: firstOfEach(issues) }
}

function isSame(one: SpeakingVoice, other: SpeakingVoice): boolean {
  return one.id === other.id && one.voice === other.voice
}

// ── Hearing ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

function sourceOf({ source }: AskedBlock): SoundSource | undefined {
  if (source.type === 'base64' && typeof source.media_type === 'string' && typeof source.data === 'string') {
    return { type: 'base64', mediaType: source.media_type, data: source.data }
  }
  return source.type === 'url' && typeof source.url === 'string' ? { type: 'url', url: source.url } : undefined
}

function blockProblem({ param, type, source, sampleRate, channels }: AskedBlock): Issue | undefined {
  if (source.type === 'file') {
    return issue(
      `${param}.source`,
      'unsupported_block',
      'a file of a provider cannot be heard; send the sound itself, or its URL',
    )
  }
  const isPcm = source.type === 'base64' && source.media_type === 'audio/pcm'
  const isRaw = isPcm || (source.type === 'base64' && source.media_type === 'audio/basic')
  if (isPcm && type === 'audio') {
    const message = 'sound without a header is heard in blocks of audio_stt, which say its sample_rate'
    return issue(`${param}.source.media_type`, 'unsupported_media_type', message)
  }
  if (isPcm && sampleRate === undefined) {
    return issue(`${param}.sample_rate`, 'required', 'nothing in audio/pcm tells how many samples it has a second; say it here')
  }
  if (!isRaw && (sampleRate !== undefined || channels !== undefined)) {
    const field = sampleRate === undefined ? 'channels' : 'sample_rate'
    return issue(`${param}.${field}`, 'conflict', 'a file says this itself; it is for audio/pcm and audio/basic')
  }
  return undefined
}

function languageIssues(asked: Asked, model: HearingModel): Issue[] {
  const { languages } = model.stt.capabilities(model.name)
  const named = [
    { param: 'voice.input.language', language: asked.language },
    ...asked.blocks.map(({ param, language }) => ({ param: `${param}.language`, language })),
  ]
  return named.flatMap(({ param, language }) => languageProblem(param, language, languages, model.id) ?? [])
}

// ── Speaking ────────────────────────────────────────────────────────────────────────────────────────────────────────────

function voiceIssues(output: AskedOutput, voice: SpeakingVoice, rate: number): Issue[] {
  const capabilities = voice.tts.capabilities(voice.name)
  const issues: Issue[] = []
  const add = (field: string, message: string, code: IssueCode = 'unsupported_parameter'): void =>
    void issues.push(issue(`voice.output.${field}`, code, message))
  if ((output.format === 'mp3' || output.format === 'opus') && !capabilities[output.format]) {
    const others = (['mp3', 'opus'] as const).filter((format) => capabilities[format])
    add('format', `${voice.id} does not give ${output.format}; take ${['wav', 'pcm', ...others].join(' or ')}`)
  }
  for (const field of ['speed', 'volume'] as const) {
    const problem = rangeProblem(output[field], capabilities[field], field, voice.id)
    if (problem) add(field, problem)
  }
  const emotion = emotionProblem(output.emotion, capabilities, voice.id)
  if (emotion) add('emotion', emotion)
  if (capabilities.voices && !capabilities.voices.includes(voice.voice)) {
    // The vendor's own check knows the nearest one, where it has such a check.
    const shown = capabilities.voices.slice(0, 40).join(', ')
    if (!voice.tts.check)
      add('voice', `${voice.provider.name} has no voice ${JSON.stringify(voice.voice)}; there are: ${shown}`, 'unknown_voice')
  }
  // Which of them it speaks, a vendor's own check tells in its own words.
  const languages = voice.tts.check ? undefined : capabilities.languages
  const language = languageProblem('voice.output.language', output.language, languages, voice.id)
  if (language) issues.push(language)
  issues.push(...(voice.tts.check?.(optionsOf(output, voice, rate), voice.name) ?? []).map(toldIn('voice.output')))
  return issues
}

/** As the vendor will be asked: at a rate that it makes, of which the one that is wanted is made. */
function optionsOf(output: AskedOutput, { voice, tts, name }: SpeakingVoice, wanted: number): TtsOptions {
  const { format, language, speed, volume, emotion, alignment } = output
  const rate = rateFor(wanted, tts.capabilities(name).pcmRates)
  const isRaw = format === 'wav' || format === 'pcm'
  return { voice, format: isRaw ? { encoding: 'pcm', rate } : { encoding: format }, language, speed, volume, emotion, alignment }
}

function rangeProblem(value: number | undefined, range: Range | undefined, field: string, id: string): string | undefined {
  if (value === undefined || (range && value >= range.least && value <= range.most)) return undefined
  // What changes nothing is no wish.
  if (!range) return value === 1 ? undefined : `${id} has but one ${field}; leave it out`
  return `${id} takes ${range.least} to ${range.most}, not ${value}`
}

function emotionProblem(emotion: string | undefined, { emotions }: TtsCapabilities, id: string): string | undefined {
  if (emotion === undefined || emotions === 'any' || emotions?.includes(emotion)) return undefined
  return emotions ? `${id} knows ${emotions.join(', ')}` : `${id} takes no emotion; leave it out`
}

// ── Issues ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

function languageProblem(
  param: string,
  language: string | undefined,
  known: readonly string[] | undefined,
  id: string,
): Issue | undefined {
  if (language === undefined) return undefined
  if (!/^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*$/.test(language)) {
    return issue(param, 'invalid', `a language is written as en or pt-BR, not ${JSON.stringify(language.slice(0, 80))}`)
  }
  if (!known) return undefined
  const tag = language.toLowerCase()
  const primary = tag.split('-')[0] ?? tag
  if (known.some((each) => each.toLowerCase() === tag || each.toLowerCase() === primary)) return undefined
  return issue(param, 'unsupported_language', `${id} does not know ${JSON.stringify(language)}; it knows ${known.join(', ')}`)
}

function toldIn(parent: string): (told: SpeechIssue) => Issue {
  return ({ field, code, message }) => ({ param: `${parent}.${field}`, code, message })
}

function issue(param: string, code: IssueCode, message: string): Issue {
  return { param, code, message }
}

/** One issue of each field: what the capabilities tell, a vendor's own check tells again. */
function firstOfEach(issues: readonly Issue[]): Issue[] {
  const seen = new Set<string | undefined>()
  return issues.filter(({ param }) => {
    const isNew = !seen.has(param)
    seen.add(param)
    return isNew
  })
}
