import { SoundError, soundErrorOf } from './errors.ts'

/** Makes an `AudioContext` of a rate, or of the device's. Throws a `SoundError` (`unsupported`). */
export function newContext(sampleRate: number | undefined): AudioContext {
  if (typeof AudioContext === 'undefined' || !('audioWorklet' in AudioContext.prototype)) throw unsupported()
  try {
    return new AudioContext({ latencyHint: 'interactive', ...(sampleRate !== undefined && { sampleRate }) })
  } catch (error) {
    throw soundErrorOf(error, 'unsupported')
  }
}

/** Resolves once a context runs, and rejects with `not_started` where it does not within `startMs`, or with `context_closed`. */
export function running(context: AudioContext): Promise<void> {
  if (context.state === 'running') return Promise.resolve()
  return new Promise((resolve, reject) => {
    const over = (error?: SoundError): void => {
      clearTimeout(bound)
      context.removeEventListener('statechange', look)
      if (error) reject(error)
      else resolve()
    }
    const look = (): void => {
      if (context.state === 'running') over()
      if (context.state === 'closed') over(contextClosed())
    }
    const bound = setTimeout(() => over(new SoundError('not_started', notStarted)), startMs)
    context.addEventListener('statechange', look)
    // What it answers is seen by its state: without a gesture it answers nothing at all.
    context.resume().then(look, look)
  })
}

export function contextClosed(): SoundError {
  return new SoundError('context_closed', 'The AudioContext was closed.')
}

/** Loads the module of the worklet into a context, once. Rejects with `worklet_failed`. */
export function loadWorklet(context: AudioContext, url: string | URL): Promise<void> {
  if (!context.audioWorklet) return Promise.reject(unsupported())
  const known = loaded.get(context)
  if (known) return known
  const loading = context.audioWorklet.addModule(url).catch((error: unknown) => {
    loaded.delete(context)
    throw new SoundError('worklet_failed', `The module of the AudioWorklet could not be loaded from ${url}.`, { cause: error })
  })
  loaded.set(context, loading)
  return loading
}

/** Where the module lies beside this one. */
export function usualWorklet(): URL {
  return new URL('./worklet.js', import.meta.url)
}

/** A module that is added twice registers its processors twice, which is an error. */
const loaded = new WeakMap<AudioContext, Promise<void>>()

const startMs = 3000
const notStarted =
  'The browser keeps the AudioContext suspended. Make the player, or call resume() of the context it is given, in the handler of a click or a key.'

function unsupported(): SoundError {
  return new SoundError('unsupported', 'There is no AudioWorklet here. Browsers have it on pages of HTTPS or localhost alone.')
}
