import { issueAt } from '../../api/issues.ts'
import type { Issue, MessageRequest, Tool, Warning } from '../../api/schemas.gen.ts'
import type { GeminiDialect } from './dialect.ts'
import { familyOf } from './families.ts'
import { imageConfigOf } from './image-options.ts'
import { isFunction } from './tools.ts'

/** What generateContent refuses by its value, which the matrix cannot tell. */
export function check(request: MessageRequest, dialect: GeminiDialect): Issue[] {
  const { stop_sequences: stop, output, tools = [], tool_choice: choice } = request
  const { name } = dialect
  const issues: Issue[] = []
  if (stop && stop.length > maxStopSequences) {
    issues.push(
      issueAt(['stop_sequences'], 'unsupported_parameter', `${name} takes at most ${maxStopSequences}, not ${stop.length}`),
    )
  }
  const audio = output?.modalities?.indexOf('audio') ?? -1
  if (audio >= 0)
    issues.push(issueAt(['output', 'modalities', audio], 'unsupported_parameter', 'answers are text and images; leave audio out'))
  if (output?.image) {
    for (const [option, problem] of Object.entries(imageConfigOf(output.image, dialect).problems)) {
      issues.push(issueAt(['output', 'image', option], 'unsupported_parameter', problem))
    }
  }
  for (const [at, tool] of tools.entries()) issues.push(...toolIssues(tool, at, dialect))
  const functions = tools.filter(isFunction)
  if (choice?.type === 'any' && functions.length === 0) {
    issues.push(
      issueAt(
        ['tool_choice', 'type'],
        'unsupported_parameter',
        `only calls of tools of your own can be asked for; ${name} uses its own as it sees fit`,
      ),
    )
  }
  if (choice?.type === 'tool' && !functions.some((tool) => tool.name === choice.name)) {
    issues.push(
      issueAt(
        ['tool_choice', 'name'],
        'unsupported_parameter',
        `only a tool of your own can be chosen; ${name} uses its own as it sees fit`,
      ),
    )
  }
  return issues
}

/** What is left out because the model, and not the service, makes nothing of it. */
export function warningsOf(request: MessageRequest): Warning[] {
  if (!familyOf(request.model).ignoresSampling) return []
  return samplingFields
    .filter((field) => request[field] !== undefined && request[field] !== null)
    .map((field) => ({
      param: field,
      code: 'dropped',
      message: `the model ${request.model} samples as it sees fit; ${field} was left out.`,
    }))
}

const samplingFields = ['temperature', 'top_p', 'top_k'] as const

const maxStopSequences = 5

/** Limits on what a tool may do are refused where they cannot be kept, rather than left out. */
function toolIssues(tool: Tool, at: number, { name, excludesDomains }: GeminiDialect): Issue[] {
  if (tool.type !== 'web_search' && tool.type !== 'web_fetch') return []
  const kept = tool.type === 'web_search' && excludesDomains ? ['blocked_domains'] : []
  return Object.entries(tool.config ?? {})
    .filter(([option, value]) => value !== undefined && !kept.includes(option))
    .map(([option]) =>
      issueAt(['tools', at, 'config', option], 'unsupported_parameter', `${name} cannot limit its ${tool.type} in this way`),
    )
}
