import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Clock } from '../../api/clock.ts'
import type { Page, PageOptions } from '../../tools/tool.ts'
import { type PageCall, pageReader } from './read.ts'
import { openReaders } from './threads.ts'

declare module 'fastify' {
  interface FastifyInstance {
    pages: Pages
  }
}

export interface Pages {
  /** Fetches what a model named, which must be public, and makes text of it; its errors are those of `pageReader` in read.ts. */
  read(url: string, options: PageOptions, call: PageCall): Promise<Page>
}

export interface PagesOptions {
  readonly clock: Clock
}

/** Reads pages for tools, and closes the threads that do so with the server. */
export const pages = fp(
  async (app: FastifyInstance, { clock }: PagesOptions) => {
    const readers = openReaders(clock)
    app.decorate('pages', { read: pageReader(app.egress.fetchPublic, readers) })
    app.addHook('onClose', () => readers.close())
  },
  { name: 'pages', dependencies: ['egress'] },
)
