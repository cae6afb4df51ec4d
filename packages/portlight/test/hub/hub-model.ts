/** What a member got, in short. */
export type Seen = readonly [topic: string, what: string | number];

interface Kept {
  readonly seq: number;
  readonly n: number;
  readonly at: number;
  readonly user: string | undefined;
  readonly except: string | undefined;
}

interface In {
  name: string | undefined;
}

interface Settings {
  readonly size: number;
  readonly ttlMs: number;
}

/** The hub as it is promised, in the simplest way: it keeps everything, and looks at all of it. */
export class HubModel {
  readonly seen: Map<string, Seen[]> = new Map();
  readonly changes: string[] = [];
  readonly #rooms: Map<string, Map<string, In>> = new Map();
  readonly #present: Map<string, string[]> = new Map();
  readonly #kept: Map<string, Kept[]> = new Map();
  readonly #left: Map<string, number> = new Map();
  readonly #history: (topic: string) => Settings | undefined;
  #seq = 0;
  now = 0;

  constructor(history: (topic: string) => Settings | undefined) {
    this.#history = history;
  }

  get seq(): number {
    return this.#seq;
  }

  presence(topic: string): readonly string[] {
    return this.#present.get(topic) ?? [];
  }

  topicsOf(member: string): readonly string[] {
    return [...this.#rooms].filter(([, room]) => room.has(member)).map(([topic]) => topic);
  }

  /** @param since `foreign`, a seq, or as in the options */
  join(
    member: string,
    topic: string,
    name: string | undefined,
    since: 'earliest' | 'left' | 'foreign' | number | undefined,
  ): void {
    const room = this.#room(topic);
    const present = room.get(member);
    if (present !== undefined) {
      if (name === undefined || name === present.name) return;
      const before = present.name;
      present.name = name;
      this.#exit(topic, before);
      this.#enter(topic, name);
      return;
    }
    this.#replay(member, topic, name, since);
    room.set(member, { name });
    this.#enter(topic, name);
  }

  leave(member: string, topic: string): void {
    const present = this.#room(topic).get(member);
    if (present === undefined) return;
    this.#room(topic).delete(member);
    this.#exit(topic, present.name);
  }

  publish(topic: string, n: number, user: string | undefined, except: string | undefined): number {
    this.#seq += 1;
    if (this.#history(topic) !== undefined) {
      this.#kept.set(topic, [...(this.#kept.get(topic) ?? []), { seq: this.#seq, n, at: this.now, user, except }]);
    }
    let subscribers = 0;
    for (const [member, { name }] of this.#room(topic)) {
      if (member === except || (user !== undefined && name !== user)) continue;
      this.#see(member, [topic, n]);
      subscribers += 1;
    }
    return subscribers;
  }

  #replay(
    member: string,
    topic: string,
    name: string | undefined,
    since: 'earliest' | 'left' | 'foreign' | number | undefined,
  ): void {
    const settings = this.#history(topic);
    if (settings === undefined || since === undefined) return;
    const all = this.#kept.get(topic) ?? [];
    const there = all.slice(-settings.size).filter(({ at }) => this.now < at + settings.ttlMs);
    const lost = all.filter((kept) => !there.includes(kept)).at(-1)?.seq ?? 0;
    const isThere = name !== undefined && this.#namesIn(topic).includes(name);
    const left = isThere ? this.#seq : (this.#left.get(`${topic} ${name}`) ?? -1);
    const after = since === 'left' ? left : since === 'foreign' ? -1 : since === 'earliest' ? lost : since;
    const isBefore = after < lost && !(since === 'left' && isThere);
    if (isBefore || after > this.#seq) this.#see(member, [topic, 'gap']);
    for (const { seq, n, user, except } of there) {
      const isBehind = seq > after || after > this.#seq;
      if (isBehind && except !== member && (user === undefined || user === name)) this.#see(member, [topic, n]);
    }
  }

  #enter(topic: string, name: string | undefined): void {
    if (name === undefined) return;
    const names = this.#namesIn(topic);
    const present = this.#present.get(topic) ?? [];
    if (present.includes(name) || !names.includes(name)) return;
    this.#present.set(topic, [...present, name]);
    this.changes.push(`${topic} +${name}`);
  }

  #exit(topic: string, name: string | undefined): void {
    if (name === undefined || this.#namesIn(topic).includes(name)) return;
    this.#present.set(
      topic,
      (this.#present.get(topic) ?? []).filter((other) => other !== name),
    );
    this.#left.set(`${topic} ${name}`, this.#seq);
    this.changes.push(`${topic} -${name}`);
  }

  #namesIn(topic: string): readonly (string | undefined)[] {
    return [...this.#room(topic).values()].map(({ name }) => name);
  }

  #room(topic: string): Map<string, In> {
    const room = this.#rooms.get(topic) ?? new Map<string, In>();
    this.#rooms.set(topic, room);
    return room;
  }

  #see(member: string, seen: Seen): void {
    this.seen.set(member, [...(this.seen.get(member) ?? []), seen]);
  }
}
