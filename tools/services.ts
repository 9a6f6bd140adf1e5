import type { Service, Tool } from './tool.ts'

/** The services that tools may ask, each once. */
export function servicesOf(tools: readonly Pick<Tool, 'services'>[]): readonly Service[] {
  const services = tools.flatMap((tool) => tool.services)
  return [...new Map(services.map((service) => [service.id, service])).values()]
}
