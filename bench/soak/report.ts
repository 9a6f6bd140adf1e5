import type { Growth } from './growth.ts'
import type { Sample } from './sample.ts'

const columns = ['time', 'exchanges', 'faults', 'heap MB', 'external MB', 'RSS MB', 'handles', 'files', 'sockets', 'processes']

export function printHead(): void {
  printRow(columns)
}

export function printSample(time: string, exchanges: number, faults: number, sample: Sample): void {
  const { heap, external, rss, handles, files, sockets, processes } = sample
  printRow(
    [time, exchanges, faults, megabytes(heap), megabytes(external), megabytes(rss), handles, files, sockets, processes].map(
      String,
    ),
  )
}

export function printOutcomes(outcomes: ReadonlyMap<string, number>, faults: readonly string[]): void {
  console.log('\nHow what was asked has ended:')
  for (const [outcome, count] of [...outcomes].sort(([a], [b]) => a.localeCompare(b)))
    console.log(`  ${String(count).padStart(9)}  ${outcome}`)
  console.log(`\nFaults: ${faults.length}`)
  for (const fault of faults.slice(0, 20)) console.log(`  ${fault}`)
}

/** The last line is the verdict. */
export function printGrowth(growth: readonly Growth[], isLongEnough: boolean): void {
  console.log('\nOver the second half:')
  for (const { name, by, allowed, grows } of growth) {
    const of = isBytes(name) ? (value: number) => `${megabytes(value)} MB` : (value: number) => value.toFixed(1)
    console.log(`  ${name.padEnd(9)} by ${of(by)}, allowed ${of(allowed)}${grows ? '   GROWS' : ''}`)
  }
  const growing = growth.filter(({ grows }) => grows).map(({ name }) => name)
  const verdict = growing.length === 0 ? 'flat' : `grows: ${growing.join(', ')}`
  console.log(`\n${isLongEnough ? verdict : 'too short to tell'}`)
}

function isBytes(name: string): boolean {
  return ['heap', 'external', 'RSS'].includes(name)
}

function printRow(cells: readonly string[]): void {
  console.log(cells.map((cell) => cell.padStart(11)).join(' '))
}

function megabytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1)
}
