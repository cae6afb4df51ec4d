const { user, connections } = document.querySelector('main').dataset;
const [list, state, refused, form, text] = ['messages', 'state', 'refused', 'say', 'text'].map((id) =>
  document.getElementById(id),
);
/** By their numbers, which PHP gives. One that comes twice is here already. */
const shown = new Map();
let last = 0;
let socket;

function show(message) {
  if (shown.has(message.number)) return;
  const item = document.createElement('li');
  item.className = message.user === user ? 'own' : '';
  const name = document.createElement('b');
  name.textContent = message.user;
  const words = document.createElement('span');
  words.textContent = message.text;
  const at = document.createElement('time');
  at.textContent = new Date(message.at * 1_000).toLocaleTimeString([], { timeStyle: 'short' });
  item.append(name, words, at);
  const after = [...shown.keys()].filter((number) => number > message.number);
  list.insertBefore(item, after.length === 0 ? null : shown.get(Math.min(...after)));
  shown.set(message.number, item);
  last = Math.max(last, message.number);
  item.scrollIntoView({ block: 'nearest' });
}

/** What was said while there was no connection. */
async function catchUp() {
  const response = await fetch(`/messages.php?after=${last}`);
  if (!response.ok) throw new Error(response.statusText);
  for (const message of (await response.json()).messages) show(message);
  state.textContent = 'connected';
}

function connect(patienceMs = 250) {
  let waitMs = patienceMs;
  socket = new WebSocket(connections);
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(data);
    if (message.ready) {
      waitMs = 250;
      catchUp().catch(() => socket.close());
    } else if (message.refused) refused.textContent = message.refused;
    else show(message);
  });
  socket.addEventListener('close', () => {
    state.textContent = 'connecting';
    setTimeout(connect, waitMs, Math.min(waitMs * 2, 5_000));
  });
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  refused.textContent = '';
  if (socket.readyState !== WebSocket.OPEN) refused.textContent = 'There is no connection: try again in a moment.';
  else {
    socket.send(text.value);
    text.value = '';
  }
});
connect();
