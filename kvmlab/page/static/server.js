// Asking the server: who we are (a key of this browser's, beside the cookie), what is told once, what goes on.

const KEY = "kvmlab-key";
const REFUSED = 4000; // the code of a socket that the server has closed for a reason it gives
export const SCHEME = location.protocol === "https:" ? "wss" : "ws";

export class Refused extends Error {}

export class Failed extends Error {
  constructor(answer) {
    super(answer.error || "?");
    this.todo = answer.todo || "";
  }
}

async function post(path, asked) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", "x-kvmlab-key": localStorage.getItem(KEY) || "" },
    body: JSON.stringify(asked),
  });
  if (answer.status === 403) throw new Refused();
  const told = await answer.json();
  if (!answer.ok) throw new Failed(told);
  return told;
}

// The token stands behind the `#`, which no browser sends; it is used once, and gone from the address at once.
export async function login() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return;
  history.replaceState(null, "", "/");
  try {
    remember((await post("/api/login", { token })).key);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
}

export function remember(key) {
  localStorage.setItem(KEY, key);
}

// Where a code lets in, and not a link.
export const byCode = document.querySelector("script[data-login]").dataset.login === "code" && (async (asked) => {
  remember((await post("/api/login", asked)).key);
});

export function call(name, asked) {
  return post(`/api/${name}`, asked);
}

// A WebSocket that comes back. `query()` is asked anew each time; `heard` is given each message, `up` whether it stands, and why not.
export class Line {
  constructor(path, { query = () => ({}), heard, up = () => {} }) {
    Object.assign(this, { path, query, heard, up, wait: 250, closed: false, stands: false });
    this.open();
  }

  async open() {
    if (this.closed) return;
    let socket;
    try {
      const { ticket } = await call("ticket", { path: this.path });
      if (this.closed) return;
      const asked = new URLSearchParams({ ...this.query(), ticket });
      socket = this.socket = new WebSocket(`${SCHEME}://${location.host}${this.path}?${asked}`);
    } catch {
      this.again();
      return;
    }
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.wait = 250;
      this.stands = true;
      this.up(true);
    };
    socket.onmessage = ({ data }) => this.heard(typeof data === "string" ? JSON.parse(data) : new Uint8Array(data));
    socket.onclose = ({ code, reason }) => this.again(code === REFUSED ? reason : "");
  }

  again(why = "") {
    this.stands = false;
    if (this.closed) return;
    this.up(false, why);
    setTimeout(() => this.open(), this.wait);
    this.wait = Math.min(this.wait * 2, 5000);
  }

  say(message) {
    if (this.stands && this.socket.readyState === WebSocket.OPEN) this.socket.send(message);
  }

  close() {
    this.closed = true;
    this.socket?.close();
  }
}
