import { type BusMessage, formatPosition, type PassedMessage, type Position } from '../backplane/bus.ts';

/** One published message, encoded once for each transport. */
export class Publication {
  readonly topic: string;
  /** How the payload is meant: text and bytes as they are, `json` as JSON text. */
  readonly form: BusMessage['form'];
  /** The data as it leaves: bytes where the form is `bytes`, else text. Not to be changed. */
  readonly payload: string | Uint8Array;
  readonly event: string | undefined;
  /** Where it stands. */
  readonly place: Position;
  /** Whether a history has it. */
  readonly isKept: boolean;
  #forms: Map<unknown, unknown> | undefined;

  constructor({ topic, form, payload, event, position, isKept }: Omit<PassedMessage, 'prev' | 'except' | 'user'>) {
    this.topic = topic;
    this.form = form;
    this.payload = payload;
    this.event = event;
    this.place = position;
    this.isKept = isKept;
  }

  /** `<epoch>-<seq>` where the topic has history: the id by which a client takes it up behind this one. */
  get position(): string | undefined {
    return this.isKept ? formatPosition(this.place) : undefined;
  }

  /** What `encode` makes of it; called once for each function, however many subscribers ask. */
  as<Form>(encode: (publication: Publication) => Form): Form {
    const forms = (this.#forms ??= new Map());
    if (!forms.has(encode)) forms.set(encode, encode(this));
    return forms.get(encode) as Form;
  }
}
