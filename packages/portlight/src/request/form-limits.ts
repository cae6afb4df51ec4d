/** How much of a form is taken in. The limit of the whole body holds as well. */
export interface FormLimits {
  /** @default 1_000 */
  readonly maxFields?: number;
  /** @default 100 */
  readonly maxFiles?: number;
  /** Largest text field, in bytes. @default the limit of the body */
  readonly maxFieldBytes?: number;
  /** Largest file, in bytes. @default the limit of the body */
  readonly maxFileBytes?: number;
  /** Up to this size a file stays in memory, in bytes. @default 65_536 */
  readonly memoryBytes?: number;
}
