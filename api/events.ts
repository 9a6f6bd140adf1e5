import type { ContentBlockDelta, StreamEvent } from './schemas.gen.ts'

/**
 * What flows from an adapter to the caller: an event, or complete frames of the stream that the upstream already wrote in the
 * contract's own format.
 */
export type StreamItem = StreamEvent | WireFrames

/**
 * One or more whole SSE frames, to be forwarded byte for byte. They hold nothing but events of blocks, in an order that keeps the
 * grammar, so that whoever adds to a stream need not look into them.
 */
export interface WireFrames {
  readonly type: 'wire'
  readonly bytes: Uint8Array
}

/** The events of an item, parsed. */
export function eventsOf(item: StreamItem): readonly StreamEvent[] {
  if (item.type !== 'wire') return [item]
  return new TextDecoder()
    .decode(item.bytes)
    .split('\n')
    .filter((line) => line.startsWith('data:'))
    .map((line): StreamEvent => JSON.parse(line.slice('data:'.length)))
}

/** What kind of block each kind of delta belongs to. A kind that is not listed fits any block. */
export const blockTypesOfDelta: Readonly<Record<ContentBlockDelta['type'], readonly string[]>> = {
  text_delta: ['text'],
  citations_delta: ['text'],
  thinking_delta: ['thinking'],
  signature_delta: ['thinking'],
  input_json_delta: ['tool_use', 'server_tool_use', 'mcp_tool_use'],
  compaction_delta: ['compaction'],
}
