import type { Publication } from '../../src/hub/publication.ts';
import type { Subscriber } from '../../src/hub/subscriber.ts';

/** A publication, and its data as a client reads them. */
export type Got = Publication & { readonly data: unknown };

/** Keeps what it gets. */
export class RecordingSubscriber implements Subscriber {
  readonly id: string;
  readonly got: Got[] = [];
  /** Is shown each publication after it was kept. */
  onDeliver: (publication: Got) => void = () => {};

  constructor(id: string) {
    this.id = id;
  }

  get data(): readonly unknown[] {
    return this.got.map(({ data }) => data);
  }

  deliver(publication: Publication): void {
    const { form, payload } = publication;
    const got = Object.assign(publication, {
      data: form === 'json' ? (JSON.parse(payload as string) as unknown) : payload,
    });
    this.got.push(got);
    this.onDeliver(got);
  }

  replay(publication: Publication): void {
    this.deliver(publication);
  }

  miss(gap: Publication): void {
    this.deliver(gap);
  }
}
