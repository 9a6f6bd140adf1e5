/**
 * The length of a file of which something is stated and something was counted, in seconds. What is stated is believed, be it finer or
 * more, unless what was counted is more by over `slack`: a statement may trim the last packet, but it takes no sound away.
 */
export function believedSeconds(stated: number, counted: number, slack: number): number | undefined {
  const seconds = counted - stated > slack ? counted : stated
  return seconds > 0 && Number.isFinite(seconds) ? seconds : undefined
}

/** So many of so many a second; undefined where that is no length. */
export function known(units: number, rate: number): number | undefined {
  const seconds = units / rate
  return seconds > 0 && Number.isFinite(seconds) ? seconds : undefined
}
