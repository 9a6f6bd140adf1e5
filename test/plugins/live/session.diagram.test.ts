import { describe, expect, it } from 'vitest'
import { jointTable, stateDiagram } from '../../../plugins/live/diagram.ts'
import { jointRules } from '../../../plugins/live/joint.ts'
import { agentTable, nextAgent, nextUser, userTable } from '../../../plugins/live/tables.ts'

describe('the tables', () => {
  it.each([
    ['user', userTable],
    ['agent', agentTable],
  ] as const)('say of each phase and signal of the %s one thing at most', (_, table) => {
    const keys = table.map(({ from, on }) => `${from} ${on}`)
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('lead where they say', () => {
    for (const { from, on, to } of userTable) expect(nextUser(from, on)).toBe(to)
    for (const { from, on, to } of agentTable) expect(nextAgent(from, on)).toBe(to)
    expect(nextUser('silent', 'offset')).toBeUndefined()
    expect(nextAgent('idle', 'sound')).toBeUndefined()
  })

  it('have no joint rule that stands behind one without a guard and is never reached', () => {
    for (const [index, { on, in: phases }] of jointRules.entries()) {
      const before = jointRules.slice(0, index).filter((rule) => rule.on === on && !rule.when)
      expect(phases.filter((phase) => before.some((rule) => rule.in.includes(phase)))).toEqual([])
    }
  })
})

describe('the diagram', () => {
  it('shows every row and every joint rule', () => {
    const diagram = stateDiagram()
    for (const { from, on, to } of userTable) expect(diagram).toContain(`user_${from} --> user_${to}: ${on}`)
    for (const { from, on, to } of agentTable.filter((row) => row.on !== 'stopped'))
      expect(diagram).toContain(`agent_${from} --> agent_${to}: ${on}`)
    for (const { rule } of jointRules) expect(diagram).toContain(rule)
    expect(diagram).toMatch(/^stateDiagram-v2\n {2}state User \{\n {4}\[\*\] --> user_silent\n/)
  })

  it('has a row in its table for each joint rule', () => {
    expect(jointTable().trimEnd().split('\n')).toHaveLength(jointRules.length + 2)
  })
})
