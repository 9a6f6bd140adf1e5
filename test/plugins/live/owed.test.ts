import { expect, it } from 'vitest'
import { beyondOwed, beyondRevised } from '../../../plugins/live/owed.ts'

const two = [
  ['please', 'book'],
  ['a', 'table'],
]

it.each<[string, string, string, string]>([
  ['all of it', 'Please book a table, for two', ' for two', ''],
  ['a part of it so far', 'Please book a', '', 'table'],
  ['only what was taken last', ' a table for two', ' for two', ''],
  ['a word from its middle', ' book', ' book', ''],
  ['something else', ' please look', ' please look', ''],
  ['nothing', '', '', 'please book|a table'],
])('an engine says again %s', (_, said, rest, left) => {
  const beyond = beyondOwed(said, two)
  expect(beyond.text).toBe(rest)
  expect(beyond.left.map((words) => words.join(' ')).join('|')).toBe(left)
})

it.each<[string, string, string]>([
  ['a word in place of another', 'Please look a table for two', ' for two'],
  ['one word more', 'Please do book a table for two', ' for two'],
  ['one word less', 'Please book table for two', ' for two'],
  ['the last word as another, which stays, for it may be one', 'Please book a cable', ' cable'],
  ['all as others', 'What is the weather', 'What is the weather'],
  ['nothing', '', ''],
])('an engine has understood %s', (_, said, rest) => {
  expect(beyondRevised(said, two)).toBe(rest)
})
