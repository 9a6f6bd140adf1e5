import { describe, expect, it } from 'vitest'
import { features, matrixEntry } from '../providers/capabilities.ts'
import { providers } from '../providers/index.ts'
import { presetNames, presetOf } from '../providers/openai-chat/presets.ts'
import { matrixOfQuirks } from '../providers/openai-chat/quirks.ts'

/** A refusal that names another provider must not send the caller to one that refuses the same. */

const matrices = [
  ...providers.map(({ id, matrix }) => [id, matrix] as const),
  ...presetNames.flatMap((name) => {
    const preset = presetOf(name)
    return preset ? [[name, matrixOfQuirks(preset.quirks)] as const] : []
  }),
]

describe.each(matrices)('%s', (id, matrix) => {
  it('suggests providers that take what it refuses', () => {
    for (const feature of features) {
      const { treatment, note = '' } = matrixEntry(matrix, feature)
      if (treatment !== 'reject') continue
      for (const other of providers) {
        if (other.id === id || !new RegExp(`(?<![\\w/-])${other.id}(?![\\w-])`).test(note)) continue
        expect([feature, other.id, matrixEntry(other.matrix, feature).treatment]).not.toContain('reject')
      }
    }
  })
})
