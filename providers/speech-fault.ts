import { GatewayError } from '../api/error.ts'
import { bytesPerSample } from '../audio/pcm.ts'
import { hasWords } from '../text/pronounced.ts'
import type { SpeechFormat, SpeechProvider } from './speech.ts'

/** What came of a text that was to be spoken. */
export interface SpokenSound {
  readonly text: string
  readonly format: SpeechFormat
  readonly bytes: number
  /** Whether the vendor has said that it is complete. */
  readonly isDone: boolean
}

/** Throws `provider_protocol` where the sound of a text is over and not whole. */
export function checkWholeSound(vendor: Vendor, { text, format, bytes, isDone }: SpokenSound): void {
  if (!isDone) throw speechFault(vendor, 'its sound ended before it said that it was complete.')
  if (bytes === 0 && hasWords(text)) throw speechFault(vendor, 'it made no sound of the text.')
  if (format.encoding === 'pcm' && bytes % bytesPerSample !== 0) throw speechFault(vendor, 'its sound ended within a sample.')
}

/** A vendor spoke a text wrongly; the same text is mostly spoken well when it is asked for again. */
export function speechFault({ id, name }: Vendor, what: string): GatewayError {
  return new GatewayError('provider_protocol', {
    message: `${name}: ${what}`,
    recovery: 'again',
    providerError: { provider: id },
  })
}

type Vendor = Pick<SpeechProvider, 'id' | 'name'>
