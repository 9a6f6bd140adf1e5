import { mulawToPcm } from './g711.ts'
import { samplesIn, samplesOfBytes, samplesOfMs } from './pcm.ts'

/** Who is told of voices. All times are milliseconds of the sound that was pushed. */
export interface EnergyListener {
  /** A voice began at `atMs`. Sound from `fromMs` on belongs with it: what words begin with is often too soft to be noticed. */
  onset(atMs: number, fromMs: number): void
  /** It was over at `atMs`. */
  offset(atMs: number): void
}

export interface EnergyOptions {
  readonly encoding: 'pcm' | 'mulaw'
  /** Hertz. */
  readonly rate: number
  /** How long sound has to be loud before it is a voice; a click is not. */
  readonly onsetMs: number
  /** How long it has to be soft before the voice is over: longer than the stops within words. */
  readonly hangoverMs: number
  /** How much sound before a voice belongs with it. */
  readonly preRollMs: number
  /** How far above the noise a voice is, in decibels. */
  readonly marginDb: number
  /** Softer than this is no voice however quiet it is around, in decibels of full scale. */
  readonly leastDb: number
  /** How much softer the assistant comes back through the microphone than it is played, before that is known. Below 0. */
  readonly echoDb: number
}

export const defaultEnergyOptions: Omit<EnergyOptions, 'encoding' | 'rate'> = {
  onsetMs: 60,
  hangoverMs: 200,
  preRollMs: 300,
  marginDb: 7,
  leastDb: -52,
  echoDb: -8,
}

/**
 * Tells by its energy when somebody speaks.
 *
 * Sound is taken in blocks of 10 ms, whatever the pieces it comes in, without its lowest tones, which are hum and offset. A voice is
 * what is louder than the threshold, the highest of three:
 *   - the noise and a margin. The noise is the softest of the last three seconds: a voice pauses within them, and what does not is noise;
 *   - the echo and a margin, while the assistant plays. How much of it comes back is learnt while it plays;
 *   - the least that anybody speaks with.
 *
 * Nothing is allocated while sound is pushed.
 */
export class EnergyGate {
  #options: EnergyOptions
  readonly #listener: EnergyListener
  /** Of the high-pass: what it keeps of its last value, that value, and the last sample. */
  readonly #pole: number
  #passed = 0
  #last = 0
  /** In samples: where in the sound this is, and where the block begins and ends. */
  #position = 0
  #blockStart = 0
  #blockEnd: number
  /** How many blocks there were, and the energy in this one. */
  #blocks = 0
  #energy = 0
  /** How many samples of the block are not the same as the one before. */
  #changes = 0

  readonly #now = new Float64Array(2)
  readonly #noise = new NoiseFloor(this.#now)
  readonly #echo: Echo
  #isVoice = false
  /** Loud blocks so far, less the soft ones between them; when the first of them began; and when the last one ended. */
  #loudMs = 0
  #loudFromMs = 0
  #loudToMs = 0
  /** Soft blocks since; and how many loud ones in a row came within them. */
  #softMs = 0
  #backMs = 0

  /** Throws RangeError where there is less than one sample in 10 ms. */
  constructor(options: Partial<EnergyOptions> & Pick<EnergyOptions, 'encoding' | 'rate'>, listener: EnergyListener) {
    this.#options = { ...defaultEnergyOptions, ...options }
    this.#listener = listener
    const { rate, echoDb } = this.#options
    this.#blockEnd = samplesOfMs(blockMs, rate)
    if (!(this.#blockEnd >= 1)) throw new RangeError('a rate of 100 hertz at least is expected')
    this.#pole = Math.exp((-2 * Math.PI * lowestHertz) / rate)
    this.#echo = new Echo(echoDb, this.#now)
  }

  /** Whether somebody speaks, as far as is known by now. */
  get isVoice(): boolean {
    return this.#isVoice
  }

  /** Of the noise around, in decibels of full scale. */
  get noiseDb(): number {
    return this.#noise.db
  }

  /** What a block has to exceed by now to be a voice, in decibels of full scale. */
  get thresholdDb(): number {
    const { marginDb, leastDb } = this.#options
    return Math.max(leastDb, this.#noise.db + marginDb, this.#echo.db + echoMarginDb)
  }

  /**
   * Takes whole samples; half a sample at the end is left out. `playedDb` is how loud that is which the assistant plays at this time, in decibels
   * of full scale as `levelDb` measures it; `-Infinity` where it plays nothing.
   */
  push(sound: Uint8Array, playedDb: number = Number.NEGATIVE_INFINITY): void {
    const isPcm = this.#options.encoding === 'pcm'
    const samples = isPcm ? samplesOfBytes(sound.length) : sound.length
    for (let from = 0; from < samples; ) {
      const to = Math.min(samples, from + this.#blockEnd - this.#position)
      this.#take(sound, from, to, isPcm)
      if (this.#position === this.#blockEnd) {
        this.#now[played] = playedDb > inaudibleDb ? Math.min(0, playedDb) : Number.NEGATIVE_INFINITY
        this.#blockOver()
      }
      from = to
    }
  }

  /** From now on it goes by these, as far as they can be changed in the middle of sound, and by the usual ones for what is left out. */
  adapt(options: Partial<Omit<EnergyOptions, 'encoding' | 'rate' | 'echoDb'>>): void {
    const { encoding, rate, echoDb } = this.#options
    this.#options = { ...defaultEnergyOptions, ...options, encoding, rate, echoDb }
  }

  /** A voice while the assistant played turned out to be none: its echo is louder than was thought. */
  wasEcho(): void {
    this.#echo.raise()
  }

  /** A voice that is not over is: nothing more comes for now. */
  end(): void {
    if (this.#isVoice) this.#ended()
    this.#loudMs = 0
  }

  #take(sound: Uint8Array, from: number, to: number, isPcm: boolean): void {
    let energy = this.#energy
    let passed = this.#passed
    // The sound begins at rest: an offset is not a step up from nothing.
    let last = this.#position > 0 ? this.#last : isPcm ? pcmAt(sound, from) : mulawAt(sound, from)
    let changes = this.#changes
    for (let at = from; at < to; at++) {
      const value = isPcm ? pcmAt(sound, at) : mulawAt(sound, at)
      passed = value - last + this.#pole * passed
      if (value !== last) changes++
      last = value
      energy += passed * passed
    }
    this.#energy = energy
    this.#passed = passed
    this.#last = last
    this.#changes = changes
    this.#position += to - from
  }

  #blockOver(): void {
    const samples = this.#blockEnd - this.#blockStart
    const level = decibels(this.#energy / samples)
    this.#now[heard] = level
    // Next to no change at all is no noise: the microphone is off.
    const isOff = this.#changes * 16 <= samples
    this.#energy = 0
    this.#changes = 0
    this.#blocks++
    this.#blockStart = this.#blockEnd
    this.#blockEnd = samplesOfMs((this.#blocks + 1) * blockMs, this.#options.rate)
    this.#echo.played()
    const threshold = this.thresholdDb - (this.#isVoice ? hysteresisDb : 0)
    const isLoud = level > threshold
    if (this.#isVoice) this.#inVoice(isLoud, this.#blocks * blockMs)
    else this.#outsideVoice(isLoud, this.#blocks * blockMs)
    this.#echo.heard(this.#isVoice)
    if (!isOff) this.#noise.heard()
  }

  #outsideVoice(isLoud: boolean, endMs: number): void {
    if (isLoud) {
      if (this.#loudMs === 0) this.#loudFromMs = endMs - blockMs
      this.#loudMs += blockMs
      this.#loudToMs = endMs
    } else this.#loudMs = Math.max(0, this.#loudMs - 2 * blockMs)
    if (this.#loudMs < this.#options.onsetMs) return
    this.#isVoice = true
    this.#softMs = 0
    this.#backMs = 0
    this.#listener.onset(this.#loudFromMs, Math.max(0, this.#loudFromMs - this.#options.preRollMs))
  }

  /** A click while it is soft does not go on with a voice. */
  #inVoice(isLoud: boolean, endMs: number): void {
    this.#backMs = isLoud ? this.#backMs + blockMs : 0
    if (isLoud && (this.#softMs === 0 || this.#backMs >= leastBackMs)) {
      this.#softMs = 0
      this.#loudToMs = endMs
      return
    }
    this.#softMs += blockMs
    if (this.#softMs >= this.#options.hangoverMs) this.#ended()
  }

  #ended(): void {
    this.#isVoice = false
    this.#loudMs = 0
    this.#listener.offset(this.#loudToMs)
  }
}

/** How loud PCM is, in decibels of full scale: 0 for a square wave as loud as can be, `silenceDb` for nothing. Half a sample at the end is left out. */
export function levelDb(pcm: Uint8Array): number {
  const samples = samplesOfBytes(pcm.length)
  let sum = 0
  for (let at = 0; at < samples; at++) sum += pcmAt(pcm, at) ** 2
  return samples === 0 ? silenceDb : decibels(sum / samples)
}

/** Below the smallest sample there is. */
export const silenceDb = -96

const blockMs = 10
/** No voice is lower, and the hum of the mains is. */
const lowestHertz = 80
/** A voice that goes on may be a little softer than one that begins. */
const hysteresisDb = 3
const leastBackMs = 30
/** Echo is not as even as noise, and its time at the microphone is known only roughly. */
const echoMarginDb = 6

function decibels(square: number): number {
  return Math.max(silenceDb, 10 * Math.log10(square / fullScale))
}

/** Read byte by byte, so that sound that lies oddly in memory need not be copied. */
function pcmAt(sound: Uint8Array, sample: number): number {
  return (((sound[2 * sample + 1] ?? 0) << 24) >> 16) | (sound[2 * sample] ?? 0)
}

function mulawAt(sound: Uint8Array, sample: number): number {
  return mulawLevels[sound[sample] ?? 0] ?? 0
}

const fullScale = 32_768 ** 2
const mulawLevels = samplesIn(mulawToPcm(Uint8Array.from({ length: 256 }, (_, code) => code)))

// How loud this block is, and what was played in it, in decibels. They stand in an array, since numbers that are handed on may cost memory.
const heard = 0
const played = 1

/** The softest of the last seconds. Each slot has the softest of a stretch; the oldest is forgotten. */
class NoiseFloor {
  db = firstNoiseDb
  // Those that come last are taken for empty: what is supposed at first is soon forgotten.
  readonly #slots = new Float64Array(slotCount).fill(firstNoiseDb, 0, firstSlots)
  #slot = 0
  #blocks = 0
  #smoothDb = firstNoiseDb
  readonly #now: Float64Array

  constructor(now: Float64Array) {
    this.#now = now
  }

  heard(): void {
    this.#smoothDb += ((this.#now[heard] ?? 0) - this.#smoothDb) * noiseSmoothing
    const softest = Math.min(this.#slots[this.#slot] ?? 0, this.#smoothDb)
    this.#slots[this.#slot] = softest
    if (softest < this.db) this.db = Math.max(leastNoiseDb, softest)
    this.#blocks++
    if (this.#blocks < slotBlocks) return
    this.#blocks = 0
    this.#slot = (this.#slot + 1) % slotCount
    this.#slots[this.#slot] = 0
    let least = 0
    for (let at = 0; at < slotCount; at++) least = Math.min(least, this.#slots[at] ?? 0)
    this.db = Math.max(leastNoiseDb, least)
  }
}

const slotCount = 12
const slotBlocks = 25
const firstSlots = 6
/** Before anything is known, of a room that is neither quiet nor loud. */
const firstNoiseDb = -56
const leastNoiseDb = -75
/** Over about 50 ms. */
const noiseSmoothing = 0.2

/**
 * What comes back of that which the assistant plays. Of each stretch in which it plays the loudest is taken that came back, against what was
 * played shortly before; and of the last stretches the one in the middle, so that whoever speaks in some of them is not taken for echo.
 */
class Echo {
  readonly #couplings: Float64Array
  #couplingDb: number
  #stretch = 0
  #blocks = 0
  #loudestDb = silenceDb
  /** The loudest that was played lately: what is heard now was played a little before. And the loudest of each part of that time. */
  #playedDb = Number.NEGATIVE_INFINITY
  readonly #lately = new Float64Array(latelyParts).fill(Number.NEGATIVE_INFINITY)
  #part = 0
  #partBlocks = 0

  readonly #now: Float64Array

  constructor(couplingDb: number, now: Float64Array) {
    this.#now = now
    this.#couplingDb = couplingDb
    this.#couplings = new Float64Array(stretchCount).fill(couplingDb)
  }

  /** How loud it is at the microphone. */
  get db(): number {
    return this.#playedDb > inaudibleDb ? this.#playedDb + this.#couplingDb : Number.NEGATIVE_INFINITY
  }

  played(): void {
    const db = this.#now[played] ?? 0
    if (this.#partBlocks === latelyPartBlocks) {
      this.#partBlocks = 0
      this.#part = (this.#part + 1) % latelyParts
      this.#lately[this.#part] = Number.NEGATIVE_INFINITY
    }
    this.#partBlocks++
    this.#lately[this.#part] = Math.max(this.#lately[this.#part] ?? db, db)
    let loudest = db
    for (let at = 0; at < latelyParts; at++) loudest = Math.max(loudest, this.#lately[at] ?? db)
    this.#playedDb = loudest
  }

  heard(isVoice: boolean): void {
    if (!(this.#playedDb > inaudibleDb)) return
    this.#loudestDb = Math.max(this.#loudestDb, (this.#now[heard] ?? 0) - this.#playedDb)
    this.#blocks++
    if (this.#blocks < stretchBlocks * (isVoice ? voiceStretch : 1)) return
    this.#couplings[this.#stretch] = Math.min(mostCouplingDb, this.#loudestDb)
    this.#stretch = (this.#stretch + 1) % stretchCount
    this.#blocks = 0
    this.#loudestDb = silenceDb
    this.#couplingDb = this.#middle()
  }

  /** More comes back than was thought. */
  raise(): void {
    for (let at = 0; at < stretchCount; at++) {
      this.#couplings[at] = Math.min(mostCouplingDb, Math.max(this.#couplings[at] ?? 0, this.#couplingDb) + raiseDb)
    }
    this.#couplingDb = this.#middle()
  }

  #middle(): number {
    for (let at = 0; at < stretchCount; at++) {
      const candidate = this.#couplings[at] ?? 0
      let below = 0
      let same = 0
      for (let other = 0; other < stretchCount; other++) {
        if ((this.#couplings[other] ?? 0) < candidate) below++
        else if (this.#couplings[other] === candidate) same++
      }
      if (below <= middle && below + same > middle) return candidate
    }
    return this.#couplingDb
  }
}

const inaudibleDb = -60
/** Sound is on its way to the loudspeaker and back for less than 400 ms. */
const latelyParts = 9
const latelyPartBlocks = 5
const stretchCount = 5
const middle = 2
const stretchBlocks = 40
/** While somebody may be speaking a stretch is so many times as long: they are stopped for, or it is an echo after all. */
const voiceStretch = 2
const raiseDb = 6
const mostCouplingDb = 10
