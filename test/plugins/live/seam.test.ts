import { expect, it } from 'vitest'
import { beyondTail, tailOf } from '../../../plugins/live/seam.ts'

it.each<[string, string, string, string, string]>([
  ['all of it again', 'What is the weather', ' the weather tomorrow?', ' tomorrow?', ''],
  ['whatever its marks and letters', "It's raining.", " It's Raining, is it not?", ' is it not?', ''],
  ['as far as it has come', 'What is the weather', ' is the', '', 'weather'],
  ['nothing of it', 'What is the weather', ' in Paris?', ' in Paris?', ''],
  ['a part of its first word', 'What is the weather', ' his the weather now', ' his now', ''],
  ['one word that may be meant', 'Is it sunny', ' very sunny', ' very sunny', ''],
  ['what was said three times', 'no no no', ' no wait', ' wait', ''],
  ['without spaces', '今天天气怎么样', '天气怎么样呢', '呢', ''],
  ['nothing at all', 'What is', '', '', 'what is'],
])('what an engine says behind another: %s', (_, known, said, rest, left) => {
  const beyond = beyondTail(said, tailOf(known))
  expect(beyond.text).toBe(rest)
  expect(beyond.tail.join(' ')).toBe(left)
})

it('is all new where nothing is known', () => {
  expect(beyondTail(' Hello there', [])).toEqual({ text: ' Hello there', tail: [] })
})
