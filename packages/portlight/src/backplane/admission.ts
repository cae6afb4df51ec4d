/** Where one more may sit, a connection or a channel, until it is given back. */
export interface Seat {
  /** Gives it back. More than once is as once. */
  release(): void;
}

/** Which limit leaves no seat: the one of all together, or the one of this address. */
export type Shortage = 'all' | 'address';

/** Who may come in, counted in all and for each address. */
export interface Admission {
  /**
   * Takes a seat, or says why there is none. Waits for nothing where nothing has to be waited for; a promise that
   * rejects is a seat that is not there.
   *
   * @param address IPv6 counts by its /56, and IPv4 mapped into it as IPv4; `''` is nobody in particular, a client of a
   *   unix socket for one, and counts only in all
   */
  reserve(address: string): Seat | Shortage | Promise<Seat | Shortage>;
}
