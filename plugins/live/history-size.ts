/** What limits on a request count, or a little more. */
export interface HistorySize {
  /** All strings but base64, in UTF-8. */
  readonly textBytes: number
  /** What base64 decodes to. */
  readonly base64Bytes: number
}

/** How much messages and blocks hold. Each is looked at once, however often it is asked for, as none of them changes. */
export function sizeOf(value: unknown): HistorySize {
  if (typeof value === 'string') return { textBytes: Buffer.byteLength(value), base64Bytes: 0 }
  if (typeof value !== 'object' || value === null) return noSize
  const known = sizes.get(value)
  if (known) return known
  const size = measured(value)
  sizes.set(value, size)
  return size
}

function measured(value: object): HistorySize {
  if ('type' in value && value.type === 'base64' && 'data' in value && typeof value.data === 'string') {
    return { textBytes: 0, base64Bytes: Buffer.byteLength(value.data, 'base64') }
  }
  let [textBytes, base64Bytes] = [0, 0]
  for (const each of Object.values(value)) {
    const size = sizeOf(each)
    textBytes += size.textBytes
    base64Bytes += size.base64Bytes
  }
  return { textBytes, base64Bytes }
}

const noSize: HistorySize = { textBytes: 0, base64Bytes: 0 }
const sizes = new WeakMap<object, HistorySize>()
