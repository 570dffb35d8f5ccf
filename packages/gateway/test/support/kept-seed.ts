import fc from 'fast-check'

/** Loaded before all tests of `npm test`: whoever names no seed of its own tries the same cases each time. */
fc.configureGlobal({ seed: 1 })
