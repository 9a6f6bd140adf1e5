import { UsageError } from '../errors.ts'
import type { LiveClientMessage, LiveHello } from '../generated/types.gen.ts'
import { merged } from '../headers.ts'
import type { LiveConnectOptions, LiveContext, LiveParams } from './session.ts'

/** What the session begins with. Throws a `UsageError`. */
export function helloOf(params: LiveParams, options: LiveConnectOptions, context: LiveContext): LiveHello {
  const { player, microphone } = options
  const { model = context.defaultModel, features, ...rest } = params
  const audio_in = microphone?.format ?? params.audio_in
  const keys = Object.entries(merged(context.providerKeys, options.providerKeys)).flatMap(([name, key]) =>
    key === undefined ? [] : [[name, key] as const],
  )
  const hello: LiveHello = {
    client: { name: '@vai/sdk' },
    ...rest,
    type: 'hello',
    protocol_version: '1',
    ...(model !== undefined && { model }),
    ...(audio_in && { audio_in: { ...audio_in } }),
    features: { ...features, send_playback_marks: player !== undefined || (features?.send_playback_marks ?? false) },
    ...(context.apiKey !== undefined && { auth: { gateway_api_key: context.apiKey } }),
    ...(keys.length > 0 && { byok: { keys: Object.fromEntries(keys) } }),
  }
  try {
    JSON.stringify(hello)
  } catch (cause) {
    throw new UsageError('The session cannot be asked for: what it is to be is no JSON.', { cause })
  }
  return hello
}

/** A message as it may be written down. */
export function withoutKeys(message: LiveClientMessage): LiveClientMessage {
  if (message.type !== 'hello') return message
  const { auth, byok, resume } = message
  return {
    ...message,
    ...(auth && { auth: { ...auth, gateway_api_key: hidden } }),
    ...(byok && { byok: { keys: Object.fromEntries(Object.keys(byok.keys).map((name) => [name, hidden])) } }),
    ...(resume && { resume: { ...resume, token: hidden } }),
  }
}

const hidden = '…'

/** The keys that it brings. */
export function keysIn({ auth, byok }: LiveHello): string[] {
  return [...Object.values(byok?.keys ?? {}), ...(auth ? [auth.gateway_api_key] : [])]
}
