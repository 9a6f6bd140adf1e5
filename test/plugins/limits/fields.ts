/** The items of a field RateLimit or RateLimit-Policy: `"requests";r=5;t=1` gives `{ requests: { r: 5, t: 1 } }`. */
export function itemsOf(field: string | null): Record<string, Record<string, number | string>> {
  return Object.fromEntries(
    (field ?? '').split(', ').map((item) => {
      const [name = '', ...parameters] = item.split(';')
      const values = parameters.map((parameter): [string, number | string] => {
        const [key = '', value = ''] = parameter.split('=')
        return [key, value.startsWith('"') ? value.slice(1, -1) : Number(value)]
      })
      return [name.slice(1, -1), Object.fromEntries(values)]
    }),
  )
}
