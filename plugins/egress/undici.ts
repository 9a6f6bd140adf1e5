/**
 * The parts of undici that every gateway needs. The package as a whole brings along fetch, WebSockets, caches and mocks, whose code
 * takes four megabytes in every process.
 */
export { default as buildConnector } from 'undici/lib/core/connect.js'
export { default as Agent } from 'undici/lib/dispatcher/agent.js'
