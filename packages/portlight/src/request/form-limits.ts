/** How much of a form is taken in. The limit of the whole body holds as well. */
export interface FormLimits {
  /** @default 1_000 */
  readonly maxFields?: number | undefined;
  /** @default 100 */
  readonly maxFiles?: number | undefined;
  /** Largest text field, in bytes. @default the limit of the body */
  readonly maxFieldBytes?: number | undefined;
  /** Largest file, in bytes. @default the limit of the body */
  readonly maxFileBytes?: number | undefined;
  /** Up to this size a file stays in memory, in bytes. @default 65_536 */
  readonly memoryBytes?: number | undefined;
}

/** The limits of a form, each of them told. */
export type AllFormLimits = { readonly [Name in keyof FormLimits]-?: number };
