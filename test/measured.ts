import type { Gateway } from './gateway.ts'

/** What a gateway's `/metrics` says. */
export interface Samples {
  readonly text: string
  /** The value of the first sample of this name that has these labels, among others perhaps; undefined where there is none. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined
}

export async function measured({ url }: Pick<Gateway, 'url'>, headers: Readonly<Record<string, string>> = {}): Promise<Samples> {
  const text = await (await fetch(`${url}/metrics`, { headers })).text()
  const lines = text.split('\n')
  return {
    text,
    value(name, labels = {}) {
      const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
      const line = lines.find(
        (each) => (each.startsWith(`${name}{`) || each.startsWith(`${name} `)) && wanted.every((label) => each.includes(label)),
      )
      return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1))
    },
  }
}
