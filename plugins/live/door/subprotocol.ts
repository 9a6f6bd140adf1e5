/** How messages are written down, as clients ask for it: the one that stands first is taken where nothing is asked for. */
export const subprotocols = ['vai.live.v1', 'vai.live.v1.msgpack'] as const

export type Subprotocol = (typeof subprotocols)[number]

/** The first that is known of those that a client would have; undefined where none is. */
export function chosenOf(offered: Iterable<string>): Subprotocol | undefined {
  for (const each of offered) {
    const known = subprotocols.find((subprotocol) => subprotocol === each)
    if (known) return known
  }
  return undefined
}
