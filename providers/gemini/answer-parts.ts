import type { ContentBlockParam } from '../../api/schemas.gen.ts'
import { isServerBlock } from '../server-blocks.ts'
import { unsealSignature } from './carried-signature.ts'
import { codePartOf } from './code-execution.ts'
import { mediaParts, refuse } from './media.ts'
import type { PlacedBlock, TurnContext } from './messages.ts'
import type { Content, Part } from './wire.ts'

type AnyPart = Content['parts'][number]

/**
 * The parts of an answer, as they once came: each with its own thought signature, which an earlier block of thinking kept for it.
 *
 * Gemini 3 refuses a step whose first function call has no signature. A call that another model made, or whose signature was
 * lost on the way, gets the value that the API documents for this.
 */
export function answerParts(blocks: readonly PlacedBlock[], context: TurnContext): AnyPart[] {
  const { dialect, isGemini3 } = context
  const parts: AnyPart[] = []
  let next: { readonly signature: string; readonly length?: number } | undefined
  for (const { block, path } of blocks) {
    if (block.type === 'thinking') {
      const carried = unsealSignature(dialect.id, block.signature)
      if (!carried) continue
      if (block.thinking !== '' || carried.of === 'thought') {
        parts.push({ text: block.thinking, thought: true, ...(carried.of === 'thought' && signed(carried.signature)) })
      }
      if (carried.of === 'empty') parts.push({ text: '', ...signed(carried.signature) })
      else if (carried.of === 'part') parts.push(carried.part)
      else if (carried.of === 'previous') parts.push({ ...parts.pop(), ...signed(carried.signature) })
      else if (carried.of === 'next') next = carried
      continue
    }
    for (const part of blockParts(block, path, context)) {
      parts.push(...(next ? signedParts(part, next) : [part]))
      next = undefined
    }
  }
  return isGemini3 ? withFirstCallSigned(parts) : parts
}

function blockParts(block: ContentBlockParam, path: string, { calls, dialect }: TurnContext): Part[] {
  switch (block.type) {
    case 'text':
    case 'image':
    case 'audio':
      return mediaParts(block, path, dialect)
    case 'tool_use': {
      const id = calls.get(block.id)?.id
      return [{ functionCall: { ...(id !== undefined && { id }), name: block.name, args: block.input } }]
    }
    case 'server_tool_use':
    case 'code_execution_tool_result': {
      const part = codePartOf(block, dialect.id)
      return part ? [part] : []
    }
    case 'redacted_thinking':
      return []
    default:
      // Searches are no parts of an answer; all else is another provider's: the matrix says that it is left out.
      return isServerBlock(block) ? [] : refuse(`${block.type} of the assistant`, path, dialect)
  }
}

/** A text may have grown after the part that was signed: what was added goes back as a part of its own. */
function signedParts(part: Part, { signature, length }: { readonly signature: string; readonly length?: number }): Part[] {
  const { text } = part
  if (text === undefined || length === undefined || length >= text.length) return [{ ...part, ...signed(signature) }]
  return [{ text: text.slice(0, length), ...signed(signature) }, { text: text.slice(length) }]
}

function withFirstCallSigned(parts: AnyPart[]): AnyPart[] {
  const at = parts.findIndex((part) => part.functionCall !== undefined)
  const first = parts[at]
  if (first && first.thoughtSignature === undefined) parts[at] = { ...first, ...signed(unsignedCall) }
  return parts
}

function signed(thoughtSignature: string): { readonly thoughtSignature: string } {
  return { thoughtSignature }
}

/** Tells the API not to look for the signature of a call that it did not make. */
const unsignedCall = 'skip_thought_signature_validator'
