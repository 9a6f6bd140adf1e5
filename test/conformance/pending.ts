/** Adapters that the tables know and this version has not. Each is struck out as it comes; a test fails once one here is there. */
export const pending: readonly string[] = ['gem-dev']
