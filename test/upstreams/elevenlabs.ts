import { type Behaviour, type Delivery, json, reply } from './behaviour.ts'
import { accessRefusal, elevenLabsError, formFields, hearingRefusal, speechRefusal, unprocessable } from './elevenlabs-rules.ts'
import { type ElevenLabsSocketOptions, elevenLabsSockets } from './elevenlabs-socket.ts'
import { msPerCharacter, soundOf, timesOf } from './elevenlabs-sound.ts'
import { isObject, stringOf } from './json.ts'
import { deliveryOf, inTurn, type Step } from './script.ts'
import { type RecordedRequest, startUpstream, type Upstream } from './upstream.ts'

export { elevenLabsError, elevenLabsKey, knownVoices } from './elevenlabs-rules.ts'

export interface ElevenLabsAnswer extends Delivery {
  /** In the place of the sound of the text. */
  readonly sound?: Uint8Array
  /** In the place of the lines of a stream with times. */
  readonly lines?: readonly string[]
  /** From where the times of a stream are counted. Default: from the beginning of all the sound. */
  readonly times?: 'answer' | 'chunk'
  readonly transcript?: unknown
}

export interface ElevenLabsOptions {
  readonly script?: Step<ElevenLabsAnswer> | readonly Step<ElevenLabsAnswer>[]
  /** Credits that are left. Default: without an end. */
  readonly credits?: number
  /** How many may be spoken at a time. Default: without an end. */
  readonly concurrency?: number
  /** What every generation waits for, sockets' too. */
  readonly hold?: () => Promise<void>
  readonly socket?: ElevenLabsSocketOptions
}

/**
 * ElevenLabs: speech of whole texts, plain and with times, the socket of several contexts, and transcripts of files. What breaks a
 * rule of the API gets ElevenLabs' status and error body; the rest is spoken as a soft tone.
 */
export function startElevenLabs(options: ElevenLabsOptions = {}): Promise<Upstream> {
  const { script = {}, concurrency = Number.POSITIVE_INFINITY, hold } = options
  const answer = inTurn(script, render)
  let credits = options.credits ?? Number.POSITIVE_INFINITY
  let running = 0

  const respond = async (request: RecordedRequest): Promise<Behaviour> => {
    const refused = refusalOf(request)
    if (refused) return refused
    const cost = costOf(request)
    if (cost > credits) return overQuota(credits, cost)
    if (running >= concurrency) return tooMany(concurrency)
    credits -= cost
    running++
    try {
      await hold?.()
      return await answer(request)
    } finally {
      running--
    }
  }
  return startUpstream(respond, elevenLabsSockets({ ...(hold && { hold }), ...options.socket }))
}

function overQuota(credits: number, cost: number): Behaviour {
  const message = `This request exceeds your quota of 10000. You have ${credits} credits remaining, while ${cost} credits are required for this request.`
  return elevenLabsError(401, 'quota_exceeded', message)
}

function tooMany(most: number): Behaviour {
  const message = `Too many concurrent requests. Your current subscription is associated with a maximum of ${most} concurrent requests (running in parallel).`
  return elevenLabsError(429, 'too_many_concurrent_requests', message)
}

function refusalOf(request: RecordedRequest): Behaviour | undefined {
  const url = new URL(request.path, 'http://localhost')
  const denied = accessRefusal(request)
  if (url.pathname === '/v1/speech-to-text') return methodRefusal(request) ?? denied ?? hearingRefusal(formFields(request))
  const voice = speechPath.exec(url.pathname)?.[1]
  if (voice === undefined) return json({ detail: 'Not Found' }, { status: 404 })
  return methodRefusal(request) ?? denied ?? speechRefusal(decodeURIComponent(voice), url.searchParams, request.json)
}

const speechPath = /^\/v1\/text-to-speech\/([^/]+)(?:\/stream)?(?:\/with-timestamps)?$/

function methodRefusal({ method, headers, path, json: body }: RecordedRequest): Behaviour | undefined {
  if (method !== 'POST') return json({ detail: 'Method Not Allowed' }, { status: 405 })
  const needsJson = !path.startsWith('/v1/speech-to-text')
  if (needsJson && (!/^application\/json\b/.test(headers['content-type'] ?? '') || body === undefined)) {
    return unprocessable(['body'], 'JSON decode error')
  }
  return undefined
}

/** Flash and Turbo are half the price. */
function costOf({ json: body }: RecordedRequest): number {
  if (!isObject(body)) return 0
  return Math.ceil(stringOf(body.text).length * (/flash|turbo/.test(stringOf(body.model_id)) ? 0.5 : 1))
}

function render(answer: ElevenLabsAnswer, request: RecordedRequest): Behaviour {
  const { pathname, searchParams } = new URL(request.path, 'http://localhost')
  const delivery = deliveryOf(answer)
  if (pathname === '/v1/speech-to-text') return json(answer.transcript ?? transcript, delivery)
  const text = isObject(request.json) ? stringOf(request.json.text) : ''
  const format = searchParams.get('output_format') ?? 'mp3_44100_128'
  const headers = { 'character-cost': String(costOf(request)), 'request-id': `req-${request.index}`, 'history-item-id': 'none' }
  if (pathname.endsWith('/stream/with-timestamps')) {
    const lines = answer.lines ?? timedLines(text, format, answer.times ?? 'answer')
    return reply(lines.join('\n'), { ...delivery, headers: { ...headers, 'content-type': 'application/json' } })
  }
  if (pathname.endsWith('/with-timestamps')) {
    const [whole = '{}'] = timedLines(text, format, 'answer', text.length)
    return reply(whole, { ...delivery, headers: { ...headers, 'content-type': 'application/json' } })
  }
  const sound = answer.sound ?? soundOf(format, text.length) ?? new Uint8Array()
  return reply(sound, {
    ...delivery,
    headers: { ...headers, 'content-type': contentTypes[format.split('_')[0] ?? ''] ?? 'audio/pcm' },
  })
}

const contentTypes: Readonly<Record<string, string>> = { mp3: 'audio/mpeg', ulaw: 'audio/basic', opus: 'audio/opus' }

/** The text in chunks of so many characters, each with its sound and times; a blank line at the end of each. */
function timedLines(text: string, format: string, from: 'answer' | 'chunk', size = 24): string[] {
  const characters = [...text]
  const whole = soundOf(format, characters.length) ?? new Uint8Array()
  const lines: string[] = []
  for (let at = 0; at < characters.length; at += size) {
    const end = Math.min(at + size, characters.length)
    const cutAt = (index: number) => Math.floor((whole.length * index) / characters.length / 2) * 2
    const sound = whole.subarray(cutAt(at), end === characters.length ? whole.length : cutAt(end))
    const times = timesOf(characters.slice(at, end).join(''), from === 'answer' ? at * msPerCharacter : 0)
    const alignment = {
      characters: times.characters,
      character_start_times_seconds: times.starts.map((ms) => ms / 1000),
      character_end_times_seconds: times.starts.map((ms) => (ms + msPerCharacter) / 1000),
    }
    lines.push(
      JSON.stringify({ audio_base64: Buffer.from(sound).toString('base64'), alignment, normalized_alignment: alignment }),
      '',
    )
  }
  return lines
}

const transcript = {
  language_code: 'eng',
  language_probability: 0.98,
  text: 'Hello there.',
  words: [
    { text: 'Hello', start: 0.1, end: 0.42, type: 'word', speaker_id: 'speaker_0', logprob: -0.1 },
    { text: ' ', start: 0.42, end: 0.5, type: 'spacing', speaker_id: 'speaker_0', logprob: 0 },
    { text: 'there.', start: 0.5, end: 0.9, type: 'word', speaker_id: 'speaker_0', logprob: -0.3 },
  ],
  audio_duration_secs: 1.25,
}
