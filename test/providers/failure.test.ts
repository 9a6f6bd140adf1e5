import type OpenAI from 'openai'
import { expect, test } from 'vitest'
import { Secret } from '../../api/secret.ts'
import { outcomeOf } from '../../plugins/breaker/outcome.ts'
import { streamFailure } from '../../providers/failure.ts'

const source = { id: 'oai-resp', name: 'OpenAI Responses', apiKey: new Secret('sk-test-0123456789abcdef') }

type ErrorCode = OpenAI.Responses.ResponseError['code']

/** Every code of a failed response, so that a new one of the vendor's is noticed: whether the request is at fault. */
const isRequestAtFault: Readonly<Record<ErrorCode, boolean>> = {
  server_error: false,
  rate_limit_exceeded: false,
  vector_store_timeout: false,
  invalid_prompt: true,
  data_residency_mismatch: true,
  bio_policy: true,
  invalid_image: true,
  invalid_image_format: true,
  invalid_base64_image: true,
  invalid_image_url: true,
  image_too_large: true,
  image_too_small: true,
  image_parse_error: true,
  image_content_policy_violation: true,
  invalid_image_mode: true,
  image_file_too_large: true,
  unsupported_image_media_type: true,
  empty_image_file: true,
  failed_to_download_image: true,
  image_file_not_found: true,
}

test.each(Object.entries(isRequestAtFault))('a stream that fails with %s: the request is at fault, %s', (code, isAtFault) => {
  const failure = streamFailure(source, { code, message: 'No.' })
  expect(failure.code === 'provider_rejected').toBe(isAtFault)
  if (isAtFault) expect([failure.recovery, outcomeOf(failure)], 'neither tried again nor counted').toEqual(['none', 'success'])
})
