import { jointRules } from './joint.ts'
import { agentTable, type Row, userTable } from './tables.ts'

/** The two machines and the joint rules as Mermaid's `stateDiagram-v2`, made of the tables that the session goes by. */
export function stateDiagram(): string {
  return [
    'stateDiagram-v2',
    ...machine('User', 'user', 'silent', userTable),
    ...machine('Agent', 'agent', 'idle', agentTable, jointEdges()),
    '',
  ].join('\n')
}

interface Edge {
  readonly from: string
  readonly to: string
  readonly label: string
}

function machine(
  title: string,
  prefix: string,
  first: string,
  rows: readonly Row<string, string>[],
  more: readonly Edge[] = [],
): string[] {
  const edges = [...rows.filter(({ on }) => on !== 'stopped').map(({ from, on, to }): Edge => ({ from, to, label: on })), ...more]
  const phases = new Set([first, ...edges.flatMap(({ from, to }) => [from, to])])
  return [
    `  state ${title} {`,
    `    [*] --> ${prefix}_${first}`,
    ...[...phases].map((phase) => `    ${prefix}_${phase}: ${phase}`),
    ...edges.map(({ from, to, label }) => `    ${prefix}_${from} --> ${prefix}_${to}: ${label}`),
    '  }',
  ]
}

/** Rules that lead from one phase to the same are one arrow. */
function jointEdges(): Edge[] {
  const labels = new Map<string, string[]>()
  for (const { rule, in: phases, to } of jointRules) {
    for (const from of phases) {
      const key = `${from} ${to ?? from}`
      labels.set(key, [...(labels.get(key) ?? []), rule])
    }
  }
  return [...labels].map(([key, rules]) => {
    const [from = '', to = ''] = key.split(' ')
    return { from, to, label: rules.join(', ') }
  })
}

/** The joint rules as rows of a Markdown table: the first that fits is what happens. */
export function jointTable(): string {
  const rows = jointRules.map(
    ({ rule, on, in: phases, guard, to }) => `| ${rule} | ${on} | ${phases.join(', ')} | ${guard ?? ''} | ${to ?? 'the same'} |`,
  )
  return ['| rule | signal | agent | only if | agent then |', '|---|---|---|---|---|', ...rows, ''].join('\n')
}
