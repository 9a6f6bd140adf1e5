/** How many samples at 48 kHz a packet of Opus holds, by its first two bytes; 0 where it holds none. */
export function opusSamples(bytes: Uint8Array, at: number, length: number): number {
  const first = bytes[at]
  if (first === undefined || length < 1) return 0
  const configuration = first >> 3
  const frame =
    configuration < 12 ? silk[configuration & 3] : configuration < 16 ? hybrid[configuration & 1] : celt[configuration & 3]
  const frames = (first & 3) === 0 ? 1 : (first & 3) < 3 ? 2 : length > 1 ? (bytes[at + 1] ?? 0) & 63 : 0
  return Math.min((frame ?? 0) * frames, longestPacket)
}

const silk = [480, 960, 1920, 2880]
const hybrid = [480, 960]
const celt = [120, 240, 480, 960]
/** 120 ms; no packet is longer. */
const longestPacket = 5760
