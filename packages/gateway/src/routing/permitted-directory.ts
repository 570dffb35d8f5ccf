import type { Model, ModelDirectory } from './model-directory.ts'
import type { ModelPolicy } from './model-policy.ts'

/**
 * The model lists as names are looked up in them. A model that is refused is suggested to nobody, and makes no name
 * ambiguous that the lists show once; where nothing else has its name it is found, so that the refusal can be told.
 */
export function permittedDirectory(
  directory: ModelDirectory,
  { isAllowed }: Pick<ModelPolicy, 'isAllowed'>,
): Pick<ModelDirectory, 'find' | 'peek' | 'known' | 'unread'> {
  const permitted = (models: readonly Model[]) => models.filter((model) => isAllowed(model.served_by, model.id))
  return {
    ...directory,
    known: () => permitted(directory.known()),
    async find(id, usual) {
      const found = await directory.find(id, usual)
      const usable = permitted(found)
      return usable.length > 0 ? usable : found.slice(0, 1)
    },
  }
}
