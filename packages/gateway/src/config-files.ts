import { readFileSync, watch } from 'node:fs'
import { dirname } from 'node:path'

/** The configuration files: what was read of them last, and whether they still say so. */
export interface ConfigFiles {
  /** The file's text. Throws what the system says. */
  readonly read: (path: string) => string
  /**
   * Calls `changed` when one of the files that were read so far says something else than when it was read last. `failed`
   * hears why a folder cannot be watched.
   */
  readonly watch: (changed: () => void, failed: (error: unknown) => void) => void
}

/** Half-written files are not read: before it counts, a change has to look the same twice, so long apart. */
const SETTLE_MS = 100

/**
 * Watches folders and not files: editors put a new file in the old one's place, and Kubernetes turns a link beside it. Of
 * all that happens there only other text counts, so neighbours do not matter.
 */
export function createConfigFiles(): ConfigFiles {
  const readLast = new Map<string, string | null>()
  return {
    read(path) {
      readLast.set(path, null)
      const text = readFileSync(path, 'utf8')
      readLast.set(path, text)
      return text
    },
    watch(changed, failed) {
      const paths = [...readLast.keys()]
      const look = settled(
        () => JSON.stringify(paths.map(textOf)),
        (texts) => {
          if (texts !== JSON.stringify(paths.map((path) => readLast.get(path)))) changed()
        },
      )
      for (const folder of new Set(paths.map((path) => dirname(path)))) watchFolder(folder, look, failed)
      // Something may have changed since the first reading.
      look()
    },
  }
}

/** What is returned looks until it sees the same twice, and tells it. Called while it still looks, it changes nothing. */
function settled(see: () => string, tell: (seen: string) => void): () => void {
  let isLooking = false
  const lookAgain = (before: string) => {
    setTimeout(() => {
      const now = see()
      if (now !== before) return lookAgain(now)
      isLooking = false
      tell(now)
    }, SETTLE_MS)
  }
  return () => {
    if (isLooking) return
    isLooking = true
    lookAgain(see())
  }
}

function watchFolder(folder: string, look: () => void, failed: (error: unknown) => void): void {
  try {
    watch(folder, { persistent: false }, look).on('error', failed)
  } catch (error) {
    failed(error)
  }
}

/** `null`: it cannot be read. */
function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
