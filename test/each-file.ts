import { forgetWords } from './upstreams/spoken-words.ts'

/** Runs before each file of tests. Those of one process share what modules remember, and this is all that there is of it. */
forgetWords()
