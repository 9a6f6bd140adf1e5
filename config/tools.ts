import { isToolPattern } from '../tools/allowed.ts'
import { json, patterns } from './setting.ts'

/** Which tools there are. */
export const toolSettings = {
  allowed_tools: patterns(
    'VAI_ALLOWED_TOOLS',
    'The tools that may be used in runs, where not all of them: `vai_web_fetch,crm_*`; in YAML a list. Default: all.',
    { is: isToolPattern, expected: 'the name of a tool, or a pattern with *,', accepts: 'name, name_*, …' },
  ),
  tools: json(
    'VAI_TOOLS',
    'Tools of your own that runs may use, each an HTTP endpoint, by name. In YAML a mapping; see tools.md.',
  ),
}
