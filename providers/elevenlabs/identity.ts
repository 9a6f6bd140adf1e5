import type { Secret } from '../../api/secret.ts'
import type { FailureSource } from '../failure.ts'

export const identity = { id: 'elevenlabs', name: 'ElevenLabs' } as const

export function sourceOf({ apiKey }: { readonly apiKey: Secret }): FailureSource {
  return { ...identity, apiKey }
}

export function keyHeaders({ apiKey }: { readonly apiKey: Secret }): Readonly<Record<string, string>> {
  return { 'xi-api-key': apiKey.reveal() }
}
