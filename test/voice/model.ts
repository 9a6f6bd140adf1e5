import { anthropicKey, startAnthropic } from '../upstreams/anthropic.ts'
import type { AnthropicAnswer, AnthropicBlock } from '../upstreams/anthropic-answer.ts'
import type { Upstream } from '../upstreams/upstream.ts'

/** A simulated model, and what it takes to ask it through a gateway. */
export interface Model {
  readonly upstream: Upstream
  readonly name: string
  readonly env: Readonly<Record<string, string>>
  readonly keys: Readonly<Record<string, string>>
}

/** A model that answers this, whatever it is asked. A text streams in pieces of three characters. */
export async function startModel(content: string | readonly AnthropicBlock[], more: AnthropicAnswer = {}): Promise<Model> {
  const blocks = typeof content === 'string' ? [textBlock(content)] : content
  const upstream = await startAnthropic({ script: { ...more, content: blocks } })
  return {
    upstream,
    name: 'anthropic/claude-sonnet-4-5',
    env: { VAI_ANTHROPIC_BASE_URL: upstream.url },
    keys: { anthropic: anthropicKey },
  }
}

export function textBlock(text: string): AnthropicBlock {
  return { type: 'text', text: text.match(/.{1,3}/gs) ?? [text] }
}
