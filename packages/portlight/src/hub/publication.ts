import { type BusMessage, formatPosition, type Position } from '../backplane/bus.ts';

const UNREAD = Symbol('unread');

/** One published message, encoded once for each transport. */
export class Publication {
  readonly topic: string;
  /** How the payload is meant: text and bytes as they are, `json` as JSON text. */
  readonly form: BusMessage['form'];
  /** The data as it leaves: bytes where the form is `bytes`, else text. Not to be changed. */
  readonly payload: string | Uint8Array;
  readonly event: string | undefined;
  /** `<epoch>-<seq>` where the topic has history. */
  readonly position: string | undefined;
  /** The same in its parts. */
  readonly place: Position | undefined;
  #data: unknown = UNREAD;
  #forms: Map<unknown, unknown> | undefined;

  constructor(message: BusMessage) {
    this.topic = message.topic;
    this.form = message.form;
    this.payload = message.payload;
    this.event = message.event;
    this.place = message.position;
    this.position = message.position && formatPosition(message.position);
  }

  /** A string, bytes, or what the published value is after a way through JSON. */
  get data(): unknown {
    if (this.#data === UNREAD) this.#data = this.form === 'json' ? JSON.parse(this.payload as string) : this.payload;
    return this.#data;
  }

  /** What `encode` makes of it; called once for each function, however many members ask. */
  as<Form>(encode: (publication: Publication) => Form): Form {
    const forms = (this.#forms ??= new Map());
    if (!forms.has(encode)) forms.set(encode, encode(this));
    return forms.get(encode) as Form;
  }
}
