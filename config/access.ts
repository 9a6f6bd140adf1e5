import { addresses, choice, flag, json, optionalChoice, origins, text } from './setting.ts'

/** Who may call the gateway, and with whose provider keys. */
export const accessSettings = {
  auth_mode: optionalChoice(
    'VAI_AUTH_MODE',
    ['required', 'optional', 'disabled'],
    'Whether callers need a gateway key. Default: disabled on a loopback address, required otherwise.',
  ),
  allow_open_relay: flag(
    'VAI_ALLOW_OPEN_RELAY',
    false,
    'Must be true for `auth_mode: disabled` on an address that others can reach.',
  ),
  gateway_keys: json(
    'VAI_GATEWAY_KEYS',
    'The gateway keys, as `vai keys` writes them: hashes, never the keys themselves. In YAML a mapping.',
  ),
  gateway_keys_file: text(
    'VAI_GATEWAY_KEYS_FILE',
    '',
    'A JSON or YAML file with gateway keys and tenants, read again when it changes. `vai keys` writes it.',
  ),
  credentials: optionalChoice(
    'VAI_CREDENTIALS',
    ['byok', 'hybrid', 'managed'],
    "Whose provider keys are used. byok: the caller's, from X-Provider-Key-* headers. hybrid: the caller's, else the operator's. managed: the operator's, and headers are refused. Default: hybrid on a loopback address or with auth required, else byok.",
  ),
  cors_origins: origins(
    'VAI_CORS_ORIGINS',
    'The origins whose pages may call the gateway from a browser: `https://app.example.com`. Default: none.',
  ),
  trust_proxy: addresses(
    'VAI_TRUST_PROXY',
    'The proxies before the gateway whose X-Forwarded-For is believed: addresses, or blocks of them. Default: none.',
  ),
  metrics: choice(
    'VAI_METRICS',
    ['admin', 'public', 'off'],
    'admin',
    'Who may read `/metrics`. Where auth is disabled on a loopback address, everybody is an admin.',
  ),
}
