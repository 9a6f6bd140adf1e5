import { type Effort, type Metric, type Sample, type ScenarioName, scenarios } from './scenarios.ts'
import type { LaneName, TargetName } from './targets/target.ts'

/** The tables at the end of a run: medians over its rounds, and the goals as ratios within it. */

export interface Measurement extends Sample {
  readonly scenario: ScenarioName
  readonly lane: LaneName
  readonly round: number
}

export interface TargetMemory {
  readonly target: TargetName
  /** Resident before the first request. */
  readonly restingBytes: number
  /** The most it ever was. */
  readonly peakBytes: number
}

export interface Results {
  readonly measurements: readonly Measurement[]
  readonly memories: readonly TargetMemory[]
  /** What of the machine went to processes that are not the benchmark's, 0 to 1. */
  readonly shareOfOthers: number
}

export function printReport(results: Results, { rounds }: Effort): void {
  for (const { name, what } of scenarios) {
    const rows = scenarioRows(results, name)
    if (rows.length === 0) continue
    console.log(`\n${name}: ${what}${rounds > 1 ? `; medians of ${rounds} rounds` : ''}`)
    console.log(table(rows))
  }
  if (results.memories.length > 0) {
    const rows = results.memories.map(({ target, restingBytes, peakBytes }) => [
      target,
      mebibytes(restingBytes),
      mebibytes(peakBytes),
    ])
    console.log(`\nResident memory, MiB\n${table([['', 'before the first request', 'at most'], ...rows])}`)
  }
  const goalRows = goals.flatMap((goal) => goalRow(goal, results))
  if (goalRows.length > 0) console.log(`\nGoals\n${table([['', 'measured', 'goal', ''], ...goalRows])}`)
  const others = (results.shareOfOthers * 100).toFixed(0)
  console.log(
    `\nOther processes took ${others} % of the machine${results.shareOfOthers > 0.05 ? ': too much for these figures to be trusted.' : '.'}`,
  )
  printFaults(results)
}

interface Column {
  readonly metric: Metric
  readonly title: string
  readonly digits: number
  /** Shown as what it is beyond the client straight to the upstream. */
  readonly beyondDirect?: true
}

const columns: readonly Column[] = [
  { metric: 'perSecond', title: 'per second', digits: 0 },
  { metric: 'cpuMs', title: 'CPU ms each', digits: 3 },
  { metric: 'p50Ms', title: 'p50 ms', digits: 1 },
  { metric: 'p99Ms', title: 'p99 ms', digits: 1 },
  { metric: 'eventP50Ms', title: 'event p50 ms', digits: 2 },
  { metric: 'eventP99Ms', title: 'event p99 ms', digits: 2 },
  { metric: 'eventP50Ms', title: 'added p50 ms', digits: 2, beyondDirect: true },
  { metric: 'eventP99Ms', title: 'added p99 ms', digits: 2, beyondDirect: true },
  { metric: 'abandoned', title: 'abandoned', digits: 0 },
  { metric: 'closed50Ms', title: 'closed in 50 ms', digits: 0 },
  { metric: 'closed1s', title: 'closed in 1 s', digits: 0 },
  { metric: 'slowestCloseMs', title: 'slowest ms', digits: 1 },
  { metric: 'bytesPerStream', title: 'bytes a stream', digits: 0 },
  { metric: 'clientBusy', title: 'client busy', digits: 2 },
  { metric: 'upstreamBusy', title: 'upstream busy', digits: 2 },
]

function scenarioRows(results: Results, scenario: ScenarioName): readonly (readonly string[])[] {
  const own = results.measurements.filter((item) => item.scenario === scenario)
  const lanes = [...new Set(own.filter(({ round }) => round === 0).map(({ lane }) => lane))]
  const shown = columns.filter(({ metric }) => own.some(({ metrics }) => metrics[metric] !== undefined))
  if (lanes.length === 0) return []
  const rows = lanes.map((lane) => [
    lane,
    ...shown.map(({ metric, digits, beyondDirect }) => {
      const value = beyondDirect
        ? less(results, scenario, metric, lane, 'direct openai')
        : median(results, scenario, metric, lane)
      return value?.toFixed(digits) ?? ''
    }),
  ])
  return [['', ...shown.map(({ title }) => title)], ...rows]
}

interface Goal {
  readonly text: string
  readonly measured: (results: Results) => number | undefined
  readonly sense: 'at most' | 'at least'
  readonly limit: number
  readonly unit: string
}

const goals: readonly Goal[] = [
  ...(['streams', 'paced'] as const).flatMap((scenario): Goal[] => [
    {
      text: `${scenario}: CPU of a translated stream to the bare proxy's`,
      measured: (results) => ratio(results, scenario, 'cpuMs', 'gateway translated', 'bare openai'),
      sense: 'at most',
      limit: 1.25,
      unit: '×',
    },
    {
      text: `${scenario}: CPU of a stream Anthropic to Anthropic to the bare proxy's`,
      measured: (results) => ratio(results, scenario, 'cpuMs', 'gateway passthrough', 'bare anthropic'),
      sense: 'at most',
      limit: 0.7,
      unit: '×',
    },
  ]),
  ...(
    [
      ['json', 8],
      ['streams', 3],
      ['large', 3],
    ] as const
  ).map(
    ([scenario, limit]): Goal => ({
      text: `${scenario}: throughput to Portkey's`,
      measured: (results) => ratio(results, scenario, 'perSecond', 'gateway translated', 'portkey openai'),
      sense: 'at least',
      limit,
      unit: '×',
    }),
  ),
  ...(
    [
      ['gateway translated', 'bare openai'],
      ['gateway passthrough', 'bare anthropic'],
    ] as const
  ).flatMap(([lane, bare]): Goal[] => [
    {
      text: `paced: added latency of an event, p99, ${lane} beyond the bare proxy's`,
      measured: (results) => less(results, 'paced', 'eventP99Ms', lane, bare),
      sense: 'at most',
      limit: 1,
      unit: 'ms',
    },
    {
      text: `cancel: share of abandoned streams closed upstream, ${lane}, worst round`,
      measured: (results) => worstShareClosed(results, lane, 'closed1s'),
      sense: 'at least',
      limit: 1,
      unit: '',
    },
    {
      text: `cancel: the same within 50 ms, ${lane}, worst round`,
      measured: (results) => worstShareClosed(results, lane, 'closed50Ms'),
      sense: 'at least',
      limit: 1,
      unit: '',
    },
    {
      text: `idle: memory of an open stream to the bare proxy's, ${lane}`,
      measured: (results) => ratio(results, 'idle', 'bytesPerStream', lane, bare),
      sense: 'at most',
      limit: 1.3,
      unit: '×',
    },
  ]),
  {
    text: 'resident memory before the first request',
    measured: ({ memories }) => memories.find(({ target }) => target === 'gateway')?.restingBytes,
    sense: 'at most',
    limit: 90,
    unit: 'MiB',
  },
]

/** One row; none where it was not measured. */
function goalRow({ text, measured, sense, limit, unit }: Goal, results: Results): readonly (readonly string[])[] {
  const raw = measured(results)
  if (raw === undefined) return []
  const value = unit === 'MiB' ? raw / 1024 ** 2 : raw
  const reached = sense === 'at most' ? value <= limit : value >= limit
  return [[text, `${value.toFixed(2)} ${unit}`, `${sense} ${limit} ${unit}`, reached ? 'reached' : 'NOT REACHED']]
}

function ratio(results: Results, scenario: ScenarioName, metric: Metric, lane: LaneName, base: LaneName): number | undefined {
  const [own, other] = [median(results, scenario, metric, lane), median(results, scenario, metric, base)]
  return own === undefined || !other ? undefined : own / other
}

function less(results: Results, scenario: ScenarioName, metric: Metric, lane: LaneName, base: LaneName): number | undefined {
  const [own, other] = [median(results, scenario, metric, lane), median(results, scenario, metric, base)]
  return own === undefined || other === undefined ? undefined : own - other
}

function worstShareClosed(results: Results, lane: LaneName, metric: 'closed50Ms' | 'closed1s'): number | undefined {
  const shares = results.measurements
    .filter((item) => item.scenario === 'cancel' && item.lane === lane)
    .map(({ metrics }) => (metrics[metric] ?? 0) / (metrics.abandoned || 1))
  return shares.length > 0 ? Math.min(...shares) : undefined
}

function median({ measurements }: Results, scenario: ScenarioName, metric: Metric, lane: LaneName): number | undefined {
  const values = measurements
    .filter((item) => item.scenario === scenario && item.lane === lane)
    .flatMap(({ metrics }) => metrics[metric] ?? [])
    .sort((a, b) => a - b)
  const middle = values.length / 2
  const [low, high] = [values[Math.ceil(middle) - 1], values[Math.floor(middle)]]
  return low === undefined || high === undefined ? undefined : (low + high) / 2
}

function printFaults({ measurements }: Results): void {
  const faults = measurements.flatMap(({ scenario, lane, faults: own }) => own.map((fault) => `${scenario}, ${lane}: ${fault}`))
  if (faults.length === 0) console.log('\nEvery request and every answer arrived whole.')
  else console.log(`\nFAULTS, which void the figures beside them\n${[...new Set(faults)].join('\n')}`)
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(0)
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => pad(cell, widths[column] ?? 0, column))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Names to the left, figures to the right. */
function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width)
}
