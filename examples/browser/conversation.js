/** The conversation as a list: what was understood while it is spoken, and what is said word by word. */
export class Conversation {
  #list
  /** What belongs to an utterance or to a turn, by its id. */
  #items = new Map()

  constructor(list) {
    this.#list = list
    list.replaceChildren()
  }

  /** Words of the user's, some of which may still change. */
  hear({ utterance_id, text, is_final }) {
    const item = this.#itemOf(utterance_id, 'user')
    item.settled ??= ''
    if (is_final) item.settled += text
    item.classList.add('partial')
    item.textContent = is_final ? item.settled : item.settled + text
    this.#scroll()
  }

  heard(id, text) {
    const item = this.#itemOf(id, 'user')
    item.classList.remove('partial')
    item.textContent = text
    this.#scroll()
  }

  typed(text) {
    this.#append('user').textContent = text
    this.#scroll()
  }

  /** What the assistant is about to say. */
  say(turn, text) {
    this.#itemOf(turn, 'assistant').append(text)
    this.#scroll()
  }

  /** So many words of it have been heard; the others are marked as being ahead, which changes nothing that would be read out again. */
  follow(turn, words) {
    const item = this.#items.get(turn)
    if (!item || typeof Highlight === 'undefined') return
    const ends = [...item.textContent.matchAll(/\S+/g)].map(({ 0: word, index }) => index + word.length)
    CSS.highlights.set('ahead', new Highlight(rangeFrom(item, words === 0 ? 0 : (ends[words - 1] ?? item.textContent.length))))
  }

  /** What was heard of it; the rest is struck out. */
  said(turn, heard) {
    const item = this.#items.get(turn)
    if (!item) return
    const said = item.textContent
    const rest = said.startsWith(heard) ? said.slice(heard.length).trim() : ''
    globalThis.CSS.highlights?.delete('ahead')
    if (heard === '') return item.remove()
    if (rest === '') return
    const struck = document.createElement('s')
    struck.append(rest)
    item.replaceChildren(`${heard} `, struck)
    this.#scroll()
  }

  note(text) {
    this.#append('note').textContent = text
    this.#scroll()
  }

  #itemOf(id, kind) {
    const item = this.#items.get(id) ?? this.#append(kind)
    this.#items.set(id, item)
    return item
  }

  #append(kind) {
    const item = document.createElement('li')
    item.className = kind
    this.#list.append(item)
    return item
  }

  #scroll() {
    this.#list.scrollTop = this.#list.scrollHeight
  }
}

/** From a place in the text of an element to its end. */
function rangeFrom(element, offset) {
  const range = new Range()
  range.selectNodeContents(element)
  let left = offset
  for (const node of element.childNodes) {
    if (left <= node.length) {
      range.setStart(node, left)
      break
    }
    left -= node.length
  }
  return range
}
