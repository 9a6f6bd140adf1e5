import { describe, expect, it } from 'vitest'
import { commandIn } from '../../../cli/chat/commands.ts'

describe('what is typed', () => {
  it.each([
    ['Hello', { type: 'say', text: 'Hello' }],
    ['  indented, and spaces after  ', { type: 'say', text: '  indented, and spaces after' }],
    [' /quit', { type: 'say', text: ' /quit' }],
    ['/quit\nis a command', { type: 'say', text: '/quit\nis a command' }],
    ['', { type: 'nothing' }],
    [' \n\t ', { type: 'nothing' }],
    ['/model', { type: 'model', value: undefined }],
    ['/model  openai/gpt-5-mini ', { type: 'model', value: 'openai/gpt-5-mini' }],
    ['/system Be brief, and kind.', { type: 'system', value: 'Be brief, and kind.' }],
    ['/tools off', { type: 'tools', value: 'off' }],
    ['/save my talk.json', { type: 'save', file: 'my talk.json' }],
    ['/load ~/a', { type: 'load', file: '~/a' }],
    ['/history', { type: 'history' }],
    ['/clear', { type: 'clear' }],
    ['/retry', { type: 'retry' }],
    ['/usage', { type: 'usage' }],
    ['/quit', { type: 'quit' }],
  ])('%j is understood', (typed, command) => {
    expect(commandIn(typed)).toEqual(command)
  })

  it.each([
    ['/help', '/retry '],
    ['/hlep', '/hlep is not a command; did you mean /help?'],
    ['/usr/bin/env is missing', 'to say it, put a space before it'],
    ['/constructor', '/constructor is not a command'],
    ['/save', 'the file is missing'],
    ['/model openai/gpt-5-mini please', '/model takes one name'],
    ['/clear all', '/clear takes nothing after it'],
  ])('%j is answered with what would be right', (typed, words) => {
    const command = commandIn(typed)
    expect(command).toMatchObject({ type: 'tell' })
    expect('text' in command && command.text).toContain(words)
  })
})
