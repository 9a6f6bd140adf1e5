import { arrayOf, isRecord } from '../../api/json.ts'
import { paramOf } from '../../api/param.ts'
import { soundBlocksOf } from '../../providers/sound-blocks.ts'

/** What a body asks of voice, read before the schema has vouched for it: what has the wrong type is passed over, and told by the schema. */
export interface Asked {
  readonly sttModel: string | undefined
  readonly ttsModel: string | undefined
  readonly language: string | undefined
  readonly hints: readonly string[]
  readonly output: AskedOutput | undefined
  /** The blocks that the gateway is to hear. */
  readonly blocks: readonly AskedBlock[]
}

export interface AskedOutput {
  readonly voice: string
  readonly format: 'wav' | 'mp3' | 'pcm' | 'opus'
  readonly sampleRate: number | undefined
  readonly speed: number | undefined
  readonly volume: number | undefined
  readonly emotion: string | undefined
  readonly language: string | undefined
  readonly alignment: boolean
}

export interface AskedBlock {
  /** `messages[2].content[0]`. */
  readonly param: string
  readonly message: number
  readonly type: 'audio' | 'audio_stt'
  readonly source: Readonly<Record<string, unknown>>
  readonly language: string | undefined
  readonly sampleRate: number | undefined
  readonly channels: number | undefined
}

/** Undefined where nothing is asked. */
export function askedOf(body: unknown): Asked | undefined {
  if (!isRecord(body)) return undefined
  const voice = isRecord(body.voice) ? body.voice : undefined
  const input = isRecord(voice?.input) ? voice.input : undefined
  const blocks = heardBlocks(body.messages, input !== undefined)
  const sttModel = textOf(body.stt_model)
  const ttsModel = textOf(body.tts_model)
  if (!voice && blocks.length === 0 && sttModel === undefined && ttsModel === undefined) return undefined
  return {
    sttModel,
    ttsModel,
    language: textOf(input?.language),
    hints: arrayOf(input?.hints).filter((hint) => typeof hint === 'string'),
    output: outputOf(voice?.output),
    blocks,
  }
}

function outputOf(output: unknown): AskedOutput | undefined {
  if (!isRecord(output)) return undefined
  const voice = textOf(output.voice)
  if (voice === undefined) return undefined
  return {
    voice,
    format: formats.find((format) => format === output.format) ?? 'wav',
    sampleRate: numberOf(output.sample_rate),
    speed: numberOf(output.speed),
    volume: numberOf(output.volume),
    emotion: textOf(output.emotion),
    language: textOf(output.language),
    alignment: output.alignment === true,
  }
}

const formats = ['wav', 'mp3', 'pcm', 'opus'] as const

/** Blocks of `audio_stt`, and with `voice.input` those of `audio` too, where the user says them. */
function heardBlocks(messages: unknown, isAllHeard: boolean): AskedBlock[] {
  const blocks: AskedBlock[] = []
  for (const { path, message, role, block } of soundBlocksOf(messages)) {
    const { type, source } = block
    const isHeard = type === 'audio_stt' || (type === 'audio' && isAllHeard && role === 'user')
    if (!isHeard || !isRecord(source)) continue
    blocks.push({
      param: paramOf(path),
      message,
      type,
      source,
      language: textOf(block.language),
      sampleRate: numberOf(block.sample_rate),
      channels: numberOf(block.channels),
    })
  }
  return blocks
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
