import type { LiveParams } from '@vai/sdk'
import { misused } from '../ending.ts'

/** What `vai live` is asked for, as it stands on the command line. */
export interface LiveTalkArguments {
  readonly url: string | undefined
  readonly key: string | undefined
  readonly model: string | undefined
  readonly voice: string | undefined
  readonly stt: string | undefined
  readonly language: string | undefined
  readonly system: string | undefined
  readonly tools: readonly string[]
  /** Each `PROVIDER=VARIABLE`. */
  readonly providerKeys: readonly string[]
  readonly inputs: readonly string[]
  readonly out: string | undefined
  readonly isText: boolean
  readonly isJson: boolean
  readonly hasHeadphones: boolean
  readonly hasNoAec: boolean
  readonly microphone: string | undefined
  readonly speaker: string | undefined
}

/** Who asks the assistant: recordings, lines that are typed, or whoever speaks into the microphone. */
export type Source = 'files' | 'text' | 'microphone'

export function sourceOf({ inputs, isText }: LiveTalkArguments): Source {
  return inputs.length > 0 ? 'files' : isText ? 'text' : 'microphone'
}

/** Throws a `Problem` where options contradict each other. */
export function checkOptions(args: LiveTalkArguments): void {
  if (args.isText && args.inputs.length > 0) throw misused('--text and --in: a turn is typed or spoken; leave one of them out.')
  if (args.hasHeadphones && args.hasNoAec) throw misused('--headphones and --no-aec say the opposite; leave one of them out.')
  const own = sourceOf(args) === 'microphone' ? undefined : args.microphone
  if (own !== undefined) throw misused('--microphone: nothing is recorded here; leave it out.')
  if (args.out !== undefined && args.speaker !== undefined)
    throw misused('--speaker: with --out nothing is played; leave it out.')
}

/** What the session is to be. */
export function paramsOf(args: LiveTalkArguments, version: string, hears: boolean): LiveParams {
  const { model = 'demo/echo', voice = 'demo/soft', stt, language, system, tools } = args
  const spoken = language === undefined ? {} : { language }
  return {
    client: { name: 'vai live', version, platform: `${process.platform}, node ${process.versions.node}` },
    model,
    ...(system !== undefined && { system }),
    ...(tools.length > 0 && { tools: { server_tools: [...tools] } }),
    audio_out: { encoding: 'pcm_s16le', sample_rate_hz: outRate },
    ...(hears && (stt !== undefined || language !== undefined) && { stt: { ...(stt && { model: stt }), ...spoken } }),
    tts: { voice, ...spoken },
    features: {
      audio_transport: 'binary',
      want_metrics: true,
      want_run_events: true,
      client_has_aec: !hearsItself(args),
    },
  }
}

/** Hertz of the assistant's sound. */
export const outRate = 24_000

/** Whether the microphone may hear the assistant: a terminal takes no echo out, and a recording has none. */
function hearsItself(args: LiveTalkArguments): boolean {
  return args.hasNoAec || (sourceOf(args) === 'microphone' && !args.hasHeadphones)
}
