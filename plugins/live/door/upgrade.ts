import type { IncomingHttpHeaders } from 'node:http'
import { GatewayError } from '../../../api/error.ts'
import { chosenOf, subprotocols } from './subprotocol.ts'

/**
 * What is wrong with how a WebSocket is asked for; undefined where nothing is. Whoever takes the upgrade would refuse the same, but not in the
 * contract's words.
 */
export function upgradeProblem(headers: IncomingHttpHeaders): GatewayError | undefined {
  if (headers['sec-websocket-version'] !== version) {
    return problem('sec-websocket-version', `The version of WebSockets that is spoken here is ${version}.`)
  }
  if (!/^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '')) {
    return problem('sec-websocket-key', 'The header Sec-WebSocket-Key must hold 16 bytes in base64.')
  }
  const offered = headers['sec-websocket-protocol']
  if (offered === undefined) return undefined
  const names = offered.split(',').map((each) => each.trim())
  if (names.some((name) => !/^[\w!#$%&'*+.^`|~-]+$/.test(name)) || new Set(names).size < names.length) {
    return problem('sec-websocket-protocol', 'The header Sec-WebSocket-Protocol must name subprotocols, each once.')
  }
  if (chosenOf(names)) return undefined
  return problem('sec-websocket-protocol', `The subprotocols that are spoken here are ${subprotocols.join(' and ')}.`)
}

const version = '13'

function problem(param: string, message: string): GatewayError {
  return new GatewayError('invalid_request', { code: 'invalid_upgrade', param, message })
}
