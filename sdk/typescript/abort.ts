/**
 * Calls back once the signal is given, at once where it was; what this returns takes that back. However many wait for a signal, it has
 * one listener: of more than ten, Node warns.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const callbacks = waiting.get(signal) ?? new Callbacks()
  if (signal.aborted) callback()
  else {
    waiting.set(signal, callbacks.add(callback))
    // The same listener a second time is the one that there is.
    signal.addEventListener('abort', callbacks)
  }
  return () => {
    callbacks.delete(callback)
    if (callbacks.size === 0) signal.removeEventListener('abort', callbacks)
  }
}

class Callbacks extends Set<() => void> {
  handleEvent(): void {
    for (const callback of this) callback()
  }
}

const waiting = new WeakMap<AbortSignal, Callbacks>()
