/** The library for signed tokens, read with the first keys: most gateways start without, and need not wait for it. */
export const jose = () => import('jose')
