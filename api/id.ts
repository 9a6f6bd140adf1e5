import { randomFillSync } from 'node:crypto'

/** A new id: `prefix_` and a ULID, which sorts by the time it was made. */
export function newId(prefix: 'req' | 'msg' | 'toolu' | 'live', wallclock: number): string {
  return `${prefix}_${timePart(wallclock)}${randomPart()}`
}

/** Whether a caller's own request id can be used as it is: 8 to 128 letters, digits, dots, dashes and underscores. */
export function isRequestId(text: string): boolean {
  return /^[A-Za-z0-9._-]{8,128}$/.test(text)
}

// Crockford's alphabet, as the ULID specification has it.
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

function timePart(wallclock: number): string {
  let text = ''
  for (let rest = wallclock, place = 0; place < 10; place++) {
    text = alphabet.charAt(rest % 32) + text
    rest = Math.floor(rest / 32)
  }
  return text
}

function randomPart(): string {
  if (used + randomLength > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  let text = ''
  for (const end = used + randomLength; used < end; used++) text += alphabet.charAt((pool[used] ?? 0) & 31)
  return text
}

const randomLength = 16
/** Random bytes for many ids: asking the system for each id's own took a twentieth of a small request. */
const pool = new Uint8Array(4096)
/** How many bytes of the pool have been given out; none is given out twice. */
let used = pool.length
