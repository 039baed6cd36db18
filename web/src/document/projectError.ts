/** Why a project file could not be opened. In a file of its own: who shows it need not load what reads ZIP files. */
export type ProjectErrorCode = "damaged" | "newer" | "not-a-project";

export class ProjectError extends Error {
  override readonly name = "ProjectError";

  constructor(readonly code: ProjectErrorCode) {
    super(code);
  }
}
