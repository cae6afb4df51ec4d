import { createHash, createHmac, randomBytes } from 'node:crypto';

/** What is said, or signed, instead of the truth. */
export interface Signing {
  readonly key?: string;
  readonly secret?: string;
  /** In seconds. */
  readonly at?: number;
  readonly nonce?: string;
  readonly method?: string;
  readonly path?: string;
  readonly signed?: string;
}

/** The fields of a request to a bridge that is signed with its secret `k1`. */
export function signedFields(to: string, known: string, body: string, as: Signing = {}): Record<string, string> {
  const { key = 'k1', secret = known, method = 'POST', path = to } = as;
  const { at = Date.now() / 1_000, nonce = randomBytes(16).toString('hex'), signed = body } = as;
  const timestamp = String(Math.floor(at));
  const hash = createHash('sha256').update(signed).digest('hex');
  const signature = createHmac('sha256', secret)
    .update([timestamp, nonce, method, path, hash].join('\n'))
    .digest('hex');
  return {
    'portlight-key': key,
    'portlight-timestamp': timestamp,
    'portlight-nonce': nonce,
    'portlight-signature': `v1=${signature}`,
  };
}
