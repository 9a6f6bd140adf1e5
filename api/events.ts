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
  return item.type === 'wire' ? writtenEventsOf(item).map(({ event }) => event) : [item]
}

/** An event, and the JSON that it was read from. */
export interface WrittenStreamEvent {
  readonly event: StreamEvent
  readonly json: string
}

/** The events of frames, with their JSON as it was written. */
export function writtenEventsOf({ bytes }: WireFrames): readonly WrittenStreamEvent[] {
  return new TextDecoder()
    .decode(bytes)
    .split('\n')
    .filter((line) => line.startsWith('data:'))
    .map((line) => {
      const json = line.slice('data:'.length).trim()
      const event: StreamEvent = JSON.parse(json)
      return { event, json }
    })
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
