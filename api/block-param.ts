import type { ContentBlock, ContentBlockParam } from './schemas.gen.ts'

/**
 * A block of an answer as one of a request. Blocks go back as they came: what a provider says is what it takes. Those few that the contract lists
 * in answers alone are the betas of a provider that reads its own blocks itself.
 */
export function asParam(block: ContentBlock): ContentBlockParam {
  return block as ContentBlockParam
}
