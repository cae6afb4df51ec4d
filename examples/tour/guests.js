import { setTimeout as delay } from 'node:timers/promises';
import { EventSourceParserStream } from 'eventsource-parser/stream';

const LIT = 'The lamp is lit, Konrad.';

/** Edith, who welcomes, and Konrad, who answers: what each has to say to it. */
const GUESTS = {
  Edith({ kind, from, text, member }) {
    if (kind === 'joined' && member !== 'Edith') return member === 'Konrad' ? LIT : `Welcome, ${member}.`;
    return from === 'Konrad' && text.endsWith(' Edith?') ? 'The guide on topics has it.' : undefined;
  },
  Konrad({ kind, from, text }) {
    if (kind !== 'said' || from === 'Konrad') return undefined;
    if (from === 'Edith') return text === LIT ? 'I see it from the jetty.' : undefined;
    return text.endsWith('?')
      ? `Good question, ${from}. Edith?`
      : `I read you, ${from}: ${[...text].length} characters.`;
  },
};

/** Gives a guest each message that the room has, the one that it has answered last not again. */
async function sit(url, reply, signal) {
  let last;
  for (;;) {
    try {
      const headers = { accept: 'text/event-stream', ...(last && { 'last-event-id': last }) };
      const { body } = await fetch(url, { headers, signal });
      for await (const { id, data } of body
        .pipeThrough(new TextDecoderStream())
        .pipeThrough(new EventSourceParserStream())) {
        await reply(JSON.parse(data));
        last = id ?? last;
      }
    } catch {
      // The process that held the stream has gone. Another one has the room.
    }
    await delay(500, undefined, { signal });
  }
}

/** Two people sit in a room until `signal` aborts: they listen by event streams and speak by POST, as anybody may. */
export async function seatGuests(room, signal) {
  const seated = Object.entries(GUESTS).map(([guest, replyTo]) => {
    const url = `${room}?name=${guest}`;
    const reply = async (message) => {
      const text = replyTo(message);
      if (text === undefined) return;
      await delay(500, undefined, { signal });
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ text }) };
      await fetch(url, { ...init, signal });
    };
    return sit(url, reply, signal);
  });
  await Promise.allSettled(seated);
}
