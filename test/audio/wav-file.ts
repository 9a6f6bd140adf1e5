/** A WAV file put together from chunks, for files that an honest writer would not write. */
export function riff(...chunks: readonly Buffer[]): Buffer {
  const body = Buffer.concat([Buffer.from('WAVE'), ...chunks])
  const head = Buffer.from('RIFF\0\0\0\0', 'latin1')
  head.writeUInt32LE(body.length, 4)
  return Buffer.concat([head, body])
}

export function chunk(tag: string, bytes: Uint8Array): Buffer {
  const head = Buffer.from(`${tag}\0\0\0\0`, 'latin1')
  head.writeUInt32LE(bytes.length, 4)
  return Buffer.concat([head, bytes, Buffer.alloc(bytes.length % 2)])
}

interface Format {
  readonly tag?: number
  readonly channels?: number
  readonly rate?: number
  readonly bits?: number
  readonly frameBytes?: number
  readonly extensible?: boolean
}

export function fmt({ tag = 1, channels = 1, rate = 24_000, bits = 16, frameBytes, extensible = false }: Format): Buffer {
  const width = frameBytes ?? (channels * bits) / 8
  const bytes = Buffer.alloc(extensible ? 40 : 16)
  bytes.writeUInt16LE(extensible ? 0xfffe : tag, 0)
  bytes.writeUInt16LE(channels, 2)
  bytes.writeUInt32LE(rate, 4)
  bytes.writeUInt32LE(rate * width, 8)
  bytes.writeUInt16LE(width, 12)
  bytes.writeUInt16LE(bits, 14)
  if (extensible) {
    bytes.writeUInt16LE(22, 16)
    bytes.writeUInt16LE(tag, 24)
    Buffer.from('000000001000800000aa00389b71', 'hex').copy(bytes, 26)
  }
  return chunk('fmt ', bytes)
}
