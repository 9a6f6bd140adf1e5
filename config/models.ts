import { isPattern } from '../providers/model-policy.ts'
import { map, patterns, text } from './setting.ts'

/** Which models there are. */
export const modelSettings = {
  model_aliases: map(
    'VAI_MODEL_ALIASES',
    'Other names for models: `sonnet=anthropic/claude-sonnet-4-5,fast=openai/gpt-5-mini`; in YAML a mapping.',
  ),
  allowed_models: patterns(
    'VAI_ALLOWED_MODELS',
    'The models that may be used and are listed, where not all of them: `anthropic/*,openai/gpt-5*`; in YAML a list. Default: all.',
    { is: isPattern, expected: 'a model as provider/name, or a pattern with *,', accepts: 'provider/name, provider/*, …' },
  ),
  catalogue: text(
    'VAI_CATALOGUE',
    '',
    'A YAML or JSON file that changes what is known of models, their prices among it. Its form is in models.md.',
  ),
}
