/** A text that goes on after its first piece, but never comes. */
export function waiting<Item>(first: Item): AsyncIterable<Item> & { readonly left: boolean } {
  let [left, given] = [false, false]
  return {
    get left() {
      return left
    },
    [Symbol.asyncIterator]: () => ({
      next: () => {
        if (given) return new Promise(() => undefined)
        given = true
        return Promise.resolve({ done: false, value: first })
      },
      return: () => {
        left = true
        return Promise.resolve({ done: true, value: undefined })
      },
    }),
  }
}

export async function drained(events: AsyncIterator<unknown> | undefined): Promise<void> {
  while (events && !(await events.next()).done);
}
