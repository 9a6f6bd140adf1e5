/**
 * Sound in browsers: a player and a microphone for live sessions, and `playSound` for answers that are spoken. What runs on the audio thread is
 * a module of its own, `@vai/sdk/browser/worklet.js`.
 */
export { SoundError, type SoundErrorCode } from './errors.ts'
export { WorkletMicrophone, type WorkletMicrophoneOptions } from './microphone.ts'
export { type PlayedSound, type PlaySoundOptions, playSound } from './play-sound.ts'
export { WorkletPlayer, type WorkletPlayerOptions } from './player.ts'
