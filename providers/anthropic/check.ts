import { issueAt } from '../../api/issues.ts'
import type { Issue, MessageRequest } from '../../api/schemas.gen.ts'
import { familyOf } from './families.ts'

/** What a Claude refuses by its value, or has another form for, which the matrix cannot tell. */
export function check(request: MessageRequest, model: string): Issue[] {
  const { screen, samples } = familyOf(model)
  const issues: Issue[] = []
  if (!samples) issues.push(...samplingIssues(request))
  if (screen) return issues
  for (const [at, tool] of (request.tools ?? []).entries()) {
    if (tool.type !== 'computer_use') continue
    const message = `the model ${request.model} has a set of tools for a screen in its place, with calls of another form; send {"type":"computer_toolset_20260801"}`
    issues.push(issueAt(['tools', at, 'type'], 'unsupported_tool', message))
  }
  return issues
}

/** With a beta a field may hold what no schema has vouched for; that is Anthropic's to judge. */
function* samplingIssues({ model, temperature, top_p: topP, top_k: topK }: MessageRequest): Generator<Issue> {
  const issue = (param: string, taken: string): Issue => {
    const message = `the model ${model} ${taken}; leave it out, and steer the model with output_config.effort or in words`
    return issueAt([param], 'unsupported_parameter', message)
  }
  if (typeof temperature === 'number' && temperature !== 1) yield issue('temperature', 'takes no temperature but 1')
  if (typeof topP === 'number' && topP < 0.99) yield issue('top_p', 'takes no top_p below 0.99')
  if (typeof topK === 'number') yield issue('top_k', 'takes no top_k')
}
