/**
 * Changes the rate of sound that comes in pieces, by a windowed sinc: what the lower of both rates cannot carry is taken out, and nothing is
 * shifted. However the same samples are cut, the same come out: for n of them `ceil(n * to / from)`.
 */
export class Resampler {
  /** Both rates, reduced: of the positions of `#to` samples, each stands otherwise between those that came. */
  readonly #from: number
  readonly #to: number
  readonly #half: number
  readonly #kernels: readonly Float32Array[]
  /** What came and is needed yet, beginning with the silence before the first sample. */
  #waiting: Float32Array
  /** Which sample `#waiting` begins with. */
  #start: number
  #came = 0
  /** Which sample is made next. */
  #next = 0

  /** Both in hertz. */
  constructor(from: number, to: number) {
    const divisor = commonDivisor(from, to)
    this.#from = from / divisor
    this.#to = to / divisor
    const narrowing = Math.min(1, to / from)
    this.#half = Math.ceil(crossings / narrowing)
    const phases = Math.min(this.#to, mostPhases)
    this.#kernels = Array.from({ length: phases }, (_, phase) => kernelOf(phase / phases, this.#half, narrowing * cutoff))
    this.#waiting = new Float32Array(this.#half)
    this.#start = -this.#half
  }

  push(samples: Float32Array): Float32Array<ArrayBuffer> {
    this.#came += samples.length
    return this.#make(samples, this.#came - this.#half)
  }

  /** What is left where nothing but silence comes. */
  end(): Float32Array<ArrayBuffer> {
    return this.#make(new Float32Array(this.#half + 1), this.#came)
  }

  /** Makes the samples that stand before one of those that came. */
  #make(more: Float32Array, before: number): Float32Array<ArrayBuffer> {
    const source = joined(this.#waiting, more)
    const end = Math.max(this.#next, Math.ceil((before * this.#to) / this.#from))
    const made = new Float32Array(end - this.#next)
    for (let at = 0; at < made.length; at++) made[at] = this.#sample(source, this.#next + at)
    this.#next = end
    const needed = Math.floor((end * this.#from) / this.#to) - this.#half + 1
    const passed = Math.min(source.length, Math.max(0, needed - this.#start))
    this.#waiting = source.slice(passed)
    this.#start += passed
    return made
  }

  #sample(source: Float32Array, index: number): number {
    const position = index * this.#from
    const whole = Math.floor(position / this.#to)
    const share = (position - whole * this.#to) / this.#to
    const phase = Math.round(share * this.#kernels.length)
    // The last phase rounds up to the first one of the sample behind.
    const kernel = this.#kernels[phase] ?? this.#kernels[0]
    const from = whole - this.#half + 1 - this.#start + (phase === this.#kernels.length ? 1 : 0)
    let sum = 0
    if (kernel) for (let at = 0; at < kernel.length; at++) sum += (kernel[at] ?? 0) * (source[from + at] ?? 0)
    return sum
  }
}

/** How many zeros of the sinc are kept on either side, and where it cuts, as a share of the lower rate's half: its slope ends there. */
const crossings = 24
const cutoff = 0.91
const mostPhases = 1024

/** Weights for the samples around a position that stands `share` behind one of them, from `half - 1` before it to `half` behind. */
function kernelOf(share: number, half: number, cut: number): Float32Array {
  const weights = Float32Array.from({ length: 2 * half }, (_, at) => {
    const distance = at - (half - 1) - share
    const angle = Math.PI * distance * cut
    return (angle === 0 ? 1 : Math.sin(angle) / angle) * blackman(distance / half)
  })
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map((weight) => weight / sum)
}

/** A window that is 1 in the middle and 0 from -1 and 1 on. */
function blackman(at: number): number {
  if (Math.abs(at) >= 1) return 0
  return 0.42 + 0.5 * Math.cos(Math.PI * at) + 0.08 * Math.cos(2 * Math.PI * at)
}

function joined(first: Float32Array, second: Float32Array): Float32Array {
  const all = new Float32Array(first.length + second.length)
  all.set(first)
  all.set(second, first.length)
  return all
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b)
}
