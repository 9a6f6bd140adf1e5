/** Lets everybody else have a turn, and looks whether the caller is still there. */
export async function turn(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve)
  })
  signal.throwIfAborted()
}
