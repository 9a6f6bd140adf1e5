import { it } from 'vitest'
import { tryPart } from './live.ts'

it('whatever else happens in whatever order, all of that holds as well', () => tryPart(1), 300_000)
