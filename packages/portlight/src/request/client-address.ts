const MAPPED_IPV4 = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i;

/** The address without the IPv6 form that a dual-stack socket gives an IPv4 client (RFC 4291 §2.5.5.2). */
export function unmapAddress(address: string): string {
  return MAPPED_IPV4.exec(address)?.[1] ?? address;
}
