import type { FailureSource } from '../failure.ts'
import type { SpeechCall } from '../speech.ts'

/** The version of the API that all of this was written against. */
const apiVersion = '2026-08-14'

export function sourceOf({ apiKey }: SpeechCall): FailureSource {
  return { id: 'cartesia', name: 'Cartesia', apiKey }
}

export function headersOf({ apiKey }: SpeechCall): Readonly<Record<string, string>> {
  return { 'x-api-key': apiKey.reveal(), 'cartesia-version': apiVersion }
}
