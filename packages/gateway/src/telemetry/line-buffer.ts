export interface LineBuffer {
  readonly write: (line: string) => void
  readonly flush: () => void
}

/** A log that cannot be written must not fill the memory: lines over this are dropped. */
const LIMIT_CHARACTERS = 4 * 1024 * 1024

/** Gathers lines and writes many at once: one system call a line would cost more than making the line. */
export function createLineBuffer(write: (lines: string) => void, everyMs = 50): LineBuffer {
  let lines: string[] = []
  let size = 0
  let timer: ReturnType<typeof setTimeout> | null = null

  function flush(): void {
    if (timer !== null) clearTimeout(timer)
    timer = null
    if (lines.length === 0) return
    const text = lines.join('')
    lines = []
    size = 0
    write(text)
  }

  return {
    write(line) {
      if (size + line.length > LIMIT_CHARACTERS) return
      lines.push(line)
      size += line.length
      timer ??= setTimeout(flush, everyMs)
    },
    flush,
  }
}
