/**
 * A short name for a text, the same every time: 26 letters and digits from 128 bits. It keeps different texts apart where nobody
 * gains by making two alike; it is no protection against those who would.
 */
export function fingerprint(text: string): string {
  // FNV-1a over four lanes, each with a start of its own, and each stirred by the one before it.
  let [a, b, c, d] = [0x811c9dc5, 0x01000193, 0x9e3779b9, 0x85ebca6b]
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    a = Math.imul(a ^ unit, 0x01000193)
    b = Math.imul(b ^ unit ^ (a >>> 15), 0x85ebca6b)
    c = Math.imul(c ^ unit ^ (b >>> 13), 0xc2b2ae35)
    d = Math.imul(d ^ unit ^ (c >>> 16), 0x27d4eb2f)
  }
  return [a ^ (d >>> 15), b ^ (a >>> 13), c ^ (b >>> 16), d ^ (c >>> 14)].map(digits).join('').slice(0, 26)
}

function digits(lane: number): string {
  return (lane >>> 0).toString(36).padStart(7, '0')
}
