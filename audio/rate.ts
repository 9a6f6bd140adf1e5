/** The rate that a vendor is asked for, of those that it makes: the same, else the next above, from which nothing is lost; else what it makes best. */
export function rateFor(rate: number, made: readonly [number, ...number[]]): number {
  if (made.includes(rate)) return rate
  const above = made.filter((each) => each > rate)
  return above.length > 0 ? Math.min(...above) : made[0]
}
