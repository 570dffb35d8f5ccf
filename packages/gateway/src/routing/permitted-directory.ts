import type { Model, ModelDirectory } from './model-directory.ts'
import type { ModelNameRules } from './model-name.ts'
import type { ModelPolicy } from './model-policy.ts'

type Named = Pick<Model, 'id' | 'served_by'>

/**
 * The model lists as names are looked up in them; `named` are further models that somebody is known to have. A
 * model that is refused is suggested to nobody, and makes no name ambiguous that the lists show once; where nothing
 * else has its name it is found, so that the refusal can be told.
 */
export function permittedDirectory(
  directory: ModelDirectory,
  { isAllowed }: Pick<ModelPolicy, 'isAllowed'>,
  named: readonly Named[],
): ModelNameRules['directory'] {
  const permitted = <T extends Named>(models: readonly T[]) =>
    models.filter(({ id, served_by: provider }) => isAllowed(provider, id))
  return {
    ...directory,
    known: () => permitted([...named, ...directory.known()]),
    async find(id, usual) {
      const found = await directory.find(id, usual)
      const usable = permitted(found)
      return usable.length > 0 ? usable : found.slice(0, 1)
    },
  }
}
