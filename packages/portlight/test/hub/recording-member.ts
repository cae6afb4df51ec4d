import type { Member } from '../../src/hub/member.ts';
import type { Publication } from '../../src/hub/publication.ts';

/** Keeps what it gets. */
export class RecordingMember implements Member {
  readonly id: string;
  readonly got: Publication[] = [];
  /** Is shown each publication after it was kept. */
  onDeliver: (publication: Publication) => void = () => {};

  constructor(id: string) {
    this.id = id;
  }

  get data(): readonly unknown[] {
    return this.got.map(({ data }) => data);
  }

  deliver(publication: Publication): void {
    this.got.push(publication);
    this.onDeliver(publication);
  }

  miss(gap: Publication): void {
    this.deliver(gap);
  }
}
