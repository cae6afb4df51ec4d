/** A file of a form that was received. One that lies on disk says where; it is there until the response is done. */
export interface UploadedFile extends File {
  readonly path?: string;
}

/** A form that was received: the standard's `FormData`, whose files may say where they lie. */
export type ReceivedFormData = FormOfUploads & FormData;

/** In front of those of `FormData`, so that these are what a call means. */
interface FormOfUploads {
  get(name: string): string | UploadedFile | null;
  getAll(name: string): (string | UploadedFile)[];
  entries(): IterableIterator<[string, string | UploadedFile]>;
  values(): IterableIterator<string | UploadedFile>;
  [Symbol.iterator](): IterableIterator<[string, string | UploadedFile]>;
}
