import { createHash } from 'node:crypto'
import type { MessageRequest } from '../api/schemas.gen.ts'

/** The request with an id of the user that fits: one that the provider refuses is replaced by its hash, so that users stay apart. */
export function withUserId<Request extends Pick<MessageRequest, 'metadata'>>(
  request: Request,
  isTaken: (id: string) => boolean,
  hashLength: number,
): Request {
  const user = request.metadata?.user_id
  if (!user || isTaken(user)) return request
  return { ...request, metadata: { user_id: createHash('sha256').update(user).digest('hex').slice(0, hashLength) } }
}
