import { speechPresetNames } from '../providers/speech-presets.ts'
import { definitions } from './setting.ts'

/** The servers of speech that the operator adds; in YAML a mapping that defines them, to which the environment adds presets. */
export const speechSetting = definitions(
  'VAI_SPEECH',
  speechPresetNames,
  "Servers to add that speak OpenAI's audio API, by the names of presets: `kokoro,whisper-cpp`. In YAML a mapping that defines them, to which the environment adds; see operators.md.",
)
