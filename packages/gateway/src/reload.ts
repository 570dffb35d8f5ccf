import { waitingProviders } from './banner.ts'
import { changesBetween } from './config/changes.ts'
import { type Loaded, SettingsError } from './config/load.ts'
import type { Gateway } from './gateway.ts'
import type { Log } from './telemetry/log.ts'

export interface ReloadParts {
  /** What the gateway was started with. */
  readonly loaded: Loaded
  /** Reads and checks everything again. Rejects with SettingsError. */
  readonly load: () => Promise<Loaded>
  readonly gateway: Pick<Gateway, 'reload' | 'requirements'>
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>
}

/**
 * Takes over what the configuration files say now: whole, or not at all when anything in them is wrong. The log says
 * which, with every change or every problem, and `cause`. Never rejects.
 */
export function createReload({ loaded, load, gateway, log }: ReloadParts): (cause: string) => Promise<void> {
  let current = loaded
  return async (cause) => {
    try {
      const next = await load()
      const before = current
      gateway.reload({ settings: next.settings, customProviders: next.customProviders, routes: next.models })
      current = next
      const changes = changesBetween(before, next)
      log.info(`configuration read again (${cause}): ${changes.join(', ') || 'nothing has changed'}`)
      for (const warning of newWarnings(before, next, gateway.requirements)) log.warn(warning)
    } catch (error) {
      for (const problem of error instanceof SettingsError ? error.problems : [error])
        log.error(problem, `configuration refused (${cause}), the one before still holds`)
    }
  }
}

function newWarnings(before: Loaded, next: Loaded, requirements: Gateway['requirements']): readonly string[] {
  const known = new Set(before.customProviders.map(({ id }) => id))
  const added = next.customProviders.filter(({ id }) => !known.has(id))
  return [
    ...next.warnings.filter((warning) => !before.warnings.includes(warning)),
    ...waitingProviders(added, requirements),
  ]
}
