/**
 * PCM here is 16-bit, little-endian and mono: bytes of whole samples, beside a rate that travels with them. Lengths are counted
 * in samples, which are whole numbers; milliseconds are taken from a total and never added up, so nothing drifts over hours.
 *
 * The views below read the machine's own byte order, which is little-endian wherever this runs.
 */
export const bytesPerSample = 2

/** How many whole samples these bytes hold; half a sample at the end does not count. */
export function samplesOfBytes(bytes: number): number {
  return Math.floor(bytes / bytesPerSample)
}

export function bytesOfSamples(samples: number): number {
  return samples * bytesPerSample
}

/** The length of so many samples, to the nearest millisecond. */
export function msOfSamples(samples: number, rate: number): number {
  return Math.round((samples * 1000) / rate)
}

/** The samples nearest to so many milliseconds. `msOfSamples` gives whole milliseconds back unchanged at 1 kHz and above. */
export function samplesOfMs(ms: number, rate: number): number {
  return Math.round((ms * rate) / 1000)
}

export function msOfBytes(bytes: number, rate: number): number {
  return msOfSamples(samplesOfBytes(bytes), rate)
}

export function bytesOfMs(ms: number, rate: number): number {
  return bytesOfSamples(samplesOfMs(ms, rate))
}

/** The samples in these bytes: the same memory where it is aligned, else a copy. Half a sample at the end is left out. */
export function samplesIn(bytes: Uint8Array): Int16Array {
  const count = samplesOfBytes(bytes.length)
  if (bytes.byteOffset % bytesPerSample === 0) return new Int16Array(bytes.buffer, bytes.byteOffset, count)
  return new Int16Array(new Uint8Array(bytes).buffer, 0, count)
}

/** The bytes of these samples: the same memory. */
export function bytesIn(samples: Int16Array): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)
}

/**
 * Gives out whole samples of what comes in chunks cut anywhere. A chunk that begins and ends between samples is given back as it
 * is, uncopied; what is left of a sample is kept for the next one.
 */
export class SampleJoiner {
  readonly #size: number
  readonly #kept: Uint8Array
  #keptLength = 0

  /** `size` is the bytes that belong together: those of a sample, or of one sample for each channel. */
  constructor(size: number = bytesPerSample) {
    this.#size = size
    this.#kept = new Uint8Array(size)
  }

  /** The bytes kept, fewer than one sample has. At the end of a stream they tell that it was cut short. */
  get kept(): number {
    return this.#keptLength
  }

  push(chunk: Uint8Array): Uint8Array {
    const length = this.#keptLength + chunk.length
    const whole = length - (length % this.#size)
    if (this.#keptLength === 0) {
      this.#keep(chunk, whole)
      return whole === chunk.length ? chunk : chunk.subarray(0, whole)
    }
    if (whole === 0) {
      this.#kept.set(chunk, this.#keptLength)
      this.#keptLength = length
      return chunk.subarray(0, 0)
    }
    const joined = new Uint8Array(whole)
    const taken = whole - this.#keptLength
    joined.set(this.#kept.subarray(0, this.#keptLength))
    joined.set(chunk.subarray(0, taken), this.#keptLength)
    this.#keep(chunk, taken)
    return joined
  }

  #keep(chunk: Uint8Array, from: number): void {
    this.#keptLength = chunk.length - from
    if (this.#keptLength > 0) this.#kept.set(chunk.subarray(from))
  }
}

/**
 * Several channels, sample beside sample, as one: their mean, rounded. One channel is given back
 * uncopied. What is left of a frame at the end is left out.
 */
export function monoOf(bytes: Uint8Array, channels: number): Uint8Array {
  if (channels === 1) return bytes
  const samples = samplesIn(bytes)
  const mono = new Int16Array(Math.floor(samples.length / channels))
  for (let frame = 0, at = 0; frame < mono.length; frame++) {
    let sum = 0
    for (let channel = 0; channel < channels; channel++) sum += samples[at++] ?? 0
    mono[frame] = Math.round(sum / channels)
  }
  return bytesIn(mono)
}

/** How a sample is written in files: unsigned bytes, signed integers, or floats from -1 to 1, all little-endian. */
export type SampleFormat = 'u8' | 's16le' | 's24le' | 's32le' | 'f32le' | 'f64le'

export const sampleFormatBytes: Readonly<Record<SampleFormat, number>> = {
  u8: 1,
  s16le: 2,
  s24le: 3,
  s32le: 4,
  f32le: 4,
  f64le: 8,
}

/**
 * Samples of any such format as 16-bit ones. Longer integers are rounded, floats beyond -1 to 1 are clipped, and what is not a
 * number is silence. 16-bit samples are given back uncopied.
 */
export function pcm16Of(bytes: Uint8Array, format: SampleFormat): Uint8Array {
  if (format === 's16le') return bytes
  const width = sampleFormatBytes[format]
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const samples = new Int16Array(Math.floor(bytes.length / width))
  const read = readers[format]
  for (let index = 0, at = 0; index < samples.length; index++, at += width) samples[index] = read(view, at)
  return bytesIn(samples)
}

const readers: Readonly<Record<SampleFormat, (view: DataView, at: number) => number>> = {
  u8: (view, at) => (view.getUint8(at) - 128) << 8,
  s16le: (view, at) => view.getInt16(at, true),
  s24le: (view, at) => clipped((view.getInt16(at + 1, true) * 256 + view.getUint8(at)) / 256),
  s32le: (view, at) => clipped(view.getInt32(at, true) / 65_536),
  f32le: (view, at) => clipped(view.getFloat32(at, true) * 32_768),
  f64le: (view, at) => clipped(view.getFloat64(at, true) * 32_768),
}

function clipped(value: number): number {
  if (Number.isNaN(value)) return 0
  return Math.max(-32_768, Math.min(32_767, Math.round(value)))
}
