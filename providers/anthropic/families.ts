/** What is known of a Claude by its name, where a request is said in another way for it or refused by its values. */
export interface Family {
  /** What the portable screen is sent as; undefined where the model takes none but the newer set of tools, which has no size. */
  readonly screen: Screen | undefined
  /** Whether sampling is for the caller to choose; else anything but the usual is refused. */
  readonly samples: boolean
}

export interface Screen {
  readonly type: 'computer_20250124' | 'computer_20251124'
  readonly beta: string
}

/** A name that says no version is taken for one of the models that the most of what is known holds for. */
export function familyOf(model: string): Family {
  const version = versionOf(model)
  if (!version) return { screen: newer, samples: !model.includes('claude-mythos') }
  const { kind, number } = version
  return { screen: screenOf(kind, number), samples: number < 407 }
}

const older: Screen = { type: 'computer_20250124', beta: 'computer-use-2025-01-24' }
const newer: Screen = { type: 'computer_20251124', beta: 'computer-use-2025-11-24' }

function screenOf(kind: string, number: number): Screen | undefined {
  // The largest models got there at an earlier number.
  if (number >= (kind === 'fable' || kind === 'mythos' ? 502 : 505)) return undefined
  return number >= (kind === 'opus' ? 405 : 406) ? newer : older
}

/** `opus` and 405 for `claude-opus-4-5-20251101`; the name of the first models has its kind at the end. */
function versionOf(model: string): { readonly kind: string; readonly number: number } | undefined {
  const [, kind = '', major, minor = '0'] = /claude-(?:([a-z]+)-)?(\d+)(?:[-.](\d{1,2})(?!\d))?/.exec(model) ?? []
  return major === undefined ? undefined : { kind, number: Number(major) * 100 + Number(minor) }
}
