import { createHash } from 'node:crypto'
import type { ContentBlock, StreamEvent, Usage } from '../../api/schemas.gen.ts'
import { sealOwner, unseal } from '../../providers/sealed.ts'
import type { Block, Extent, Input, UsageRow } from './expectations/row.ts'

/** A block as it was received; one that broke off has `partial`, the JSON text of its input so far. */
export type Received = ContentBlock & { readonly partial?: string }

/**
 * The blocks of an answer in the words of the tables, so that the two can be compared.
 *
 * `expected` only guides how things are written, and which of the texts that must be sealed are looked for. Empty blocks of thinking that the
 * provider sealed and no row asks for are passed over: what they carry is the adapter's own business.
 */
export function observedBlocks(blocks: readonly Received[], expected: readonly Block[], owner: string | undefined): unknown[] {
  const observed: unknown[] = []
  for (const block of blocks) {
    const row = expected[observed.length]
    if (isCarrier(block, owner) && !(row && 'thinking' in row && row.thinking === '')) continue
    observed.push(observedBlock(block, row, owner))
  }
  return observed
}

/** What an answer costs is compared only where its provider tells it; elsewhere it comes from the catalogue. */
export function observedUsage(usage: Usage, expected: UsageRow): UsageRow {
  // The contract's own type leaves this to the provider.
  const searches = Object(Object(usage).server_tool_use).web_search_requests
  return {
    ...given('input', usage.input_tokens),
    ...given('cacheRead', usage.cache_read_input_tokens),
    ...given('cacheWrite', usage.cache_creation_input_tokens),
    ...given('output', usage.output_tokens),
    ...given('thinking', usage.output_tokens_details?.thinking_tokens),
    ...given('searches', searches),
    ...(expected.cost !== undefined && given('cost', usage.cost_usd)),
  }
}

/** The content that a stream has told so far, whether it came to its end or not. */
export function contentOf(events: readonly StreamEvent[]): Received[] {
  const blocks: Received[] = []
  const inputs = new Map<number, string>()
  for (const event of events) {
    if (event.type === 'content_block_start') {
      blocks[event.index] = structuredClone(event.content_block)
      inputs.set(event.index, '')
    } else if (event.type === 'content_block_stop') {
      const text = inputs.get(event.index)
      if (text) blocks[event.index] = Object.assign(must(blocks[event.index]), { input: JSON.parse(text) })
      inputs.delete(event.index)
    } else if (event.type === 'content_block_delta') {
      const block = must(blocks[event.index])
      const { delta } = event
      if (delta.type === 'text_delta' && block.type === 'text') block.text += delta.text
      else if (delta.type === 'thinking_delta' && block.type === 'thinking') block.thinking += delta.thinking
      else if (delta.type === 'signature_delta' && block.type === 'thinking') block.signature = delta.signature
      else if (delta.type === 'citations_delta' && block.type === 'text') {
        block.citations = [...(block.citations ?? []), delta.citation]
      } else if (delta.type === 'input_json_delta') {
        inputs.set(event.index, (inputs.get(event.index) ?? '') + delta.partial_json)
      } else if (delta.type === 'compaction_delta') Object.assign(block, { content: delta.content })
      else throw new Error(`a ${delta.type} in a ${block.type}`)
    }
  }
  for (const [index, partial] of inputs) Object.assign(must(blocks[index]), { partial })
  return blocks
}

function observedBlock(block: Received, row: Block | undefined, owner: string | undefined): unknown {
  switch (block.type) {
    case 'text':
      return { text: extent(block.text), ...(block.citations?.length && { citations: citations(block.citations) }) }
    case 'thinking':
      return { thinking: extent(block.thinking), ...sealed(block, row, owner) }
    case 'redacted_thinking':
      return { redacted: extent(block.data) }
    case 'tool_use':
      return { tool: block.name, ...(block.partial === undefined ? input(block.input, row) : { partial: block.partial }) }
    case 'server_tool_use':
      return { serverTool: block.name, ...input(block.input, row), ...badSeal(block.id, owner) }
    case 'mcp_tool_use':
      return { mcpTool: block.name, server: block.server_name, ...input(block.input, row), ...badSeal(block.id, owner) }
    case 'mcp_tool_result':
      return { mcpResult: extent(typeof block.content === 'string' ? block.content : block.content.map(textOf).join('')) }
    case 'image':
      return { image: Object(block.source).media_type, data: extent(String(Object(block.source).data)) }
    default:
      return otherBlock({ ...block }, row)
  }
}

/** The results of servers' tools, which differ in what they hold; and what the tables have no words for. */
function otherBlock(block: Readonly<Record<string, unknown>>, row: Block | undefined): unknown {
  const { type, content } = block
  if (type === 'compaction') return { compaction: extent(String(content)) }
  if (typeof type !== 'string' || !type.endsWith('_tool_result')) return block
  if (Array.isArray(content)) return { result: type, count: content.length }
  const result = Object(content)
  if (result.error_code !== undefined) return { result: type, error: result.error_code }
  const stdout = row && 'stdout' in row ? { stdout: extent(String(result.stdout)) } : {}
  const several = [result.tool_references, result.results].find(Array.isArray)
  return { result: type, count: several ? several.length : 1, ...stdout }
}

interface Sealable {
  readonly signature?: string
  readonly partial?: string
}

/** Anthropic's own signature as it is; of others, those of the expected texts that stand in what is sealed. */
function sealed({ signature, partial }: Sealable, row: Block | undefined, owner: string | undefined): object {
  const wanted = row && 'thinking' in row ? (row.sealed ?? []) : []
  if (owner === undefined) return { sealed: [extent(signature ?? '')] }
  // What broke off has not been sealed yet.
  if (partial !== undefined) return {}
  const payload = unseal(owner, signature ?? '')
  if (payload === undefined) return { sealedBy: sealOwner(signature ?? '') ?? 'nobody' }
  const found = wanted.filter((text) => holds(payload, text))
  return found.length > 0 || wanted.length > 0 ? { sealed: found } : {}
}

function badSeal(id: string, owner: string | undefined): object {
  return owner === undefined || unseal(owner, id) !== undefined ? {} : { sealedBy: sealOwner(id) ?? 'nobody' }
}

function isCarrier(block: Received, owner: string | undefined): boolean {
  return (
    block.type === 'thinking' &&
    block.thinking === '' &&
    owner !== undefined &&
    unseal(owner, block.signature ?? '') !== undefined
  )
}

function holds(payload: string, wanted: Extent): boolean {
  if (typeof wanted === 'string') return payload.includes(wanted)
  const [length, start, end] = wanted
  for (let at = payload.indexOf(start); at >= 0; at = payload.indexOf(start, at + 1)) {
    if (payload.slice(at, at + length).endsWith(end) && payload.length >= at + length) return true
  }
  return false
}

function citations(list: readonly object[]): readonly [number, Extent] {
  const first = Object(list[0])
  return [list.length, typeof first.url === 'string' ? extent(first.url, 40, 24, 8) : JSON.stringify(first)]
}

function input(value: Readonly<Record<string, unknown>>, row: Block | undefined): { input: Input } {
  const asDigest = row && 'input' in row && typeof row.input.digest === 'string'
  return { input: asDigest ? { digest: digestOf(value) } : value }
}

function digestOf(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex')
    .slice(0, 16)
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map(([name, member]): [string, unknown] => [name, sorted(member)])
  return Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function extent(text: string, whole = 24, start = 12, end = 12): Extent {
  return text.length <= whole ? text : [text.length, text.slice(0, start), text.slice(-end)]
}

function textOf(block: object): string {
  return 'text' in block && typeof block.text === 'string' ? block.text : ''
}

function given(name: keyof UsageRow, value: number | null | undefined): UsageRow {
  return value === undefined || value === null ? {} : { [name]: value }
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('an event of a block that did not begin')
  return value
}
