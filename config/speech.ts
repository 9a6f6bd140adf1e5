import { speechPresetNames } from '../providers/speech-presets.ts'
import { asObject, type Setting } from './setting.ts'

/** The servers of speech that the operator adds; in YAML a mapping that defines them, to which the environment adds presets. */
export const speechSetting: Setting<Readonly<Record<string, unknown>>> = {
  env: 'VAI_SPEECH',
  meaning:
    "Servers to add that speak OpenAI's audio API, by the names of presets: `kokoro,whisper-cpp`. In YAML a mapping that defines them, to which the environment adds; see operators.md.",
  defaultText: '',
  accepts: `names of presets: ${speechPresetNames.join(', ')}`,
  read(raw) {
    if (raw === undefined || raw === null) return {}
    if (typeof raw !== 'string' && !Array.isArray(raw)) return { ...asObject(raw) }
    const names: readonly unknown[] = typeof raw === 'string' ? raw.split(',') : raw
    return Object.fromEntries(names.map((name) => String(name).trim()).flatMap((name) => (name === '' ? [] : [[name, {}]])))
  },
}
