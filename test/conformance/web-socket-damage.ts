import type { Random } from '../faults/random.ts';
import { BINARY, CLOSE, closeBody, fragments, frame, PING, PONG, TEXT } from './web-socket-frames.ts';

/** A good sequence of frames, by chance. */
export function makeFrames(random: Random): Buffer {
  const parts: Buffer[] = [];
  const count = 1 + random.below(6);
  for (let index = 0; index < count; index++) parts.push(...oneOf(random));
  if (random.chance(30)) parts.push(frame(CLOSE, closeBody(1000, random.chance(50) ? 'bye' : '')));
  return Buffer.concat(parts);
}

function oneOf(random: Random): readonly Buffer[] {
  const text = 'grüße κόσμε 😀 '.repeat(random.below(20));
  switch (random.below(6)) {
    case 0:
      return [frame(PING, 'ping')];
    case 1:
      return [frame(PONG)];
    case 2:
      return [frame(BINARY, Buffer.alloc(random.below(400), random.below(256)))];
    case 3:
      return fragments(TEXT, text, 1 + random.below(60));
    case 4:
      return [frame(TEXT, text.repeat(10))];
    default:
      return [frame(TEXT, text)];
  }
}

/** The same with some bits turned, bytes taken out, put in or said twice. */
export function damage(random: Random, bytes: Buffer): Buffer {
  let result = Buffer.from(bytes);
  for (let times = 1 + random.below(3); times > 0 && result.byteLength > 0; times--) {
    // Heads are short; half of the damage is to the beginning.
    const at = random.chance(50) ? random.below(Math.min(16, result.byteLength)) : random.below(result.byteLength);
    const length = 1 + random.below(8);
    switch (random.below(5)) {
      case 0:
        result = Buffer.concat([result.subarray(0, at), result.subarray(at + length)]);
        break;
      case 1:
        result = Buffer.concat([result.subarray(0, at), Buffer.alloc(length, random.below(256)), result.subarray(at)]);
        break;
      case 2:
        result = Buffer.concat([result.subarray(0, at + length), result.subarray(at)]);
        break;
      default:
        result[at] = (result[at] as number) ^ (1 << random.below(8));
    }
  }
  return result;
}
