/** Knows which words of a turn have been heard: by the times that come with the sound, and by what was played of it. */
export class Progress {
  /** By the id of a segment: its turn, how many words were heard before it, and when each of its own begins. */
  #segments = new Map()
  /** By turn. */
  #words = new Map()

  begin({ assistant_audio_id, turn_id }) {
    this.#segments.set(assistant_audio_id, { turn: turn_id, before: this.#words.get(turn_id) ?? 0, starts: [] })
  }

  sound({ assistant_audio_id, alignment }) {
    const segment = this.#segments.get(assistant_audio_id)
    if (segment && alignment?.kind === 'word') segment.starts.push(...alignment.start_ms)
  }

  /** The turn and how many of its words have begun; undefined where nobody tells when they do. */
  played({ assistant_audio_id, played_ms }) {
    const segment = this.#segments.get(assistant_audio_id)
    if (!segment || segment.starts.length === 0) return undefined
    const words = segment.before + segment.starts.filter((start) => start < played_ms).length
    this.#words.set(segment.turn, words)
    return { turn: segment.turn, words }
  }
}
