/** A signal that tells how many listen to it. */
export function aborting() {
  const controller = new AbortController()
  const { signal } = controller
  let most = 0
  const listening = new Set<unknown>()
  const add = signal.addEventListener.bind(signal)
  const remove = signal.removeEventListener.bind(signal)
  signal.addEventListener = (...listener: Parameters<typeof add>) => {
    listening.add(listener[1])
    most = Math.max(most, listening.size)
    add(...listener)
  }
  signal.removeEventListener = (...listener: Parameters<typeof remove>) => {
    listening.delete(listener[1])
    remove(...listener)
  }
  const abort = (reason?: unknown): void => controller.abort(reason)
  return { signal, abort, listeners: () => listening.size, mostListeners: () => most }
}
