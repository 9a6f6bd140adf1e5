import { createVerify, type KeyObject } from 'node:crypto'
import protos from '@google-cloud/text-to-speech/build/protos/protos.js'
import { type Metadata, type ServiceError, status, Metadata as Trailers } from '@grpc/grpc-js'

const { Any } = protos.google.protobuf
const { Status } = protos.google.rpc
const { AudioEncoding } = protos.google.cloud.texttospeech.v1

/** A status as a server sends it. */
export type Refusal = Pick<ServiceError, 'code' | 'details' | 'metadata'>

export interface Detail {
  readonly type: 'ErrorInfo' | 'RetryInfo'
  readonly value: Uint8Array
}

/** Who is let in. */
export interface Keys {
  readonly apiKey: string
  /** The public half of the service account's key; absent where there is none. */
  readonly publicKey?: KeyObject
}

export type Voice = protos.google.cloud.texttospeech.v1.IVoiceSelectionParams

export const mostInputBytes = 5000

/** Whether a call is let in, or what it is told instead. */
export function accessProblem(metadata: Metadata, { apiKey, publicKey }: Keys): Refusal | undefined {
  const [key] = metadata.get('x-goog-api-key')
  if (key === apiKey) return undefined
  if (key !== undefined) {
    const reason = Buffer.from('API_KEY_INVALID')
    const value = Buffer.concat([Buffer.from([0x0a, reason.length]), reason])
    return refusal(status.INVALID_ARGUMENT, 'API key not valid. Please pass a valid API key.', { type: 'ErrorInfo', value })
  }
  const [bearer] = metadata.get('authorization')
  if (bearer === undefined) {
    return refusal(
      status.PERMISSION_DENIED,
      "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.",
    )
  }
  return publicKey && isSigned(String(bearer).replace(/^Bearer /, ''), publicKey)
    ? undefined
    : refusal(status.UNAUTHENTICATED, 'Request had invalid authentication credentials. Expected OAuth 2 access token.')
}

/** What is wrong with the first message of a stream. */
export function configProblem(config: protos.google.cloud.texttospeech.v1.IStreamingSynthesizeConfig | null | undefined) {
  if (!config) return invalid('The first message must contain a streaming_config.')
  const voiceFault = voiceProblem(config.voice)
  if (voiceFault) return voiceFault
  // What else it does not stream it fails on without a word.
  if (!/-Chirp3-HD-/.test(config.voice?.name ?? '')) return refusal(status.INTERNAL, 'Internal error encountered.')
  const { audioEncoding, speakingRate } = config.streamingAudioConfig ?? {}
  const streamed: unknown[] = [AudioEncoding.PCM, AudioEncoding.ALAW, AudioEncoding.MULAW, AudioEncoding.OGG_OPUS]
  if (!streamed.includes(audioEncoding)) return invalid('Unsupported audio encoding for streaming synthesis.')
  return rateProblem(speakingRate)
}

export function inputProblem(text: string | null | undefined): Refusal | undefined {
  if (!text) return invalid('Either `input.text` or `input.ssml` must be set.')
  if (Buffer.byteLength(text) <= mostInputBytes) return undefined
  return invalid(`Either \`input.text\` or \`input.ssml\` is longer than the limit of ${mostInputBytes} bytes.`)
}

export function oneShotProblem({ input, voice, audioConfig }: protos.google.cloud.texttospeech.v1.ISynthesizeSpeechRequest) {
  const { audioEncoding, speakingRate, volumeGainDb } = audioConfig ?? {}
  if (!audioEncoding) return invalid('Required field audio_encoding is missing.')
  if (volumeGainDb && (volumeGainDb < -96 || volumeGainDb > 16)) return invalid('Volume gain must be in the range [-96.0, 16.0].')
  return voiceProblem(voice) ?? inputProblem(input?.text) ?? rateProblem(speakingRate)
}

export function refusal(code: status, details: string, ...more: readonly Detail[]): Refusal {
  const metadata = new Trailers()
  if (more.length > 0) {
    const anys = more.map(({ type, value }) => Any.create({ type_url: `type.googleapis.com/google.rpc.${type}`, value }))
    metadata.set('grpc-status-details-bin', Buffer.from(Status.encode({ code, message: details, details: anys }).finish()))
  }
  return { code, details, metadata }
}

function invalid(details: string): Refusal {
  return refusal(status.INVALID_ARGUMENT, details)
}

function voiceProblem(voice: Voice | null | undefined): Refusal | undefined {
  const { languageCode, name } = voice ?? {}
  if (!languageCode) return invalid('Required field language_code is missing.')
  const locale = /^([a-z]{2,3}-[A-Z]{2})-(?:Chirp3-HD-[A-Z][a-z]+|(?:Neural2|Studio|Wavenet|Standard)-[A-Z])$/.exec(
    name ?? '',
  )?.[1]
  if (!locale) return invalid(`Voice '${name}' does not exist. Is it misspelled?`)
  return locale === languageCode
    ? undefined
    : invalid(`Requested language code '${languageCode}' doesn't match the voice '${name}''s language code '${locale}'.`)
}

function rateProblem(rate: number | null | undefined): Refusal | undefined {
  // Zero is what is read where nothing was said.
  return rate && (rate < 0.25 || rate > 2) ? invalid('Speaking rate must be in the range [0.25, 2.0].') : undefined
}

function isSigned(token: string, key: KeyObject): boolean {
  const [header = '', claims = '', signature = ''] = token.split('.')
  if (!createVerify('RSA-SHA256').update(`${header}.${claims}`).verify(key, Buffer.from(signature, 'base64url'))) return false
  const { aud, scope, iss, sub, iat, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString())
  const isMeant = aud === 'https://texttospeech.googleapis.com/' || /cloud-platform/.test(scope ?? '')
  return isMeant && iss !== undefined && iss === sub && exp - iat <= 3600
}
