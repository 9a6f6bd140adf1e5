/** The parameters of an address, in their order; a name may come again. */
export type Query = [name: string, value: string][]

export function queryText(query: Query): string {
  return query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')
}
