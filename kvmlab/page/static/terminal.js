// A terminal on the lab host. What was drawn is acknowledged, so that the server reads no more than we can show.

import { Terminal } from "/static/vendor/xterm/xterm.mjs";
import { FitAddon } from "/static/vendor/xterm/addon-fit.mjs";
import { Unicode11Addon } from "/static/vendor/xterm/addon-unicode11.mjs";
import { h } from "./dom.js";
import { Line } from "./server.js";

const TYPED = 16384; // bytes of one message, at most
const LIGHT = { background: "#fbfbfa", foreground: "#1c2024", cursor: "#1c2024", selectionBackground: "#b9d3f5",
  black: "#1c2024", white: "#5b6167", brightBlack: "#5b6167", brightWhite: "#1c2024",
  yellow: "#7a5a00", brightYellow: "#7a5a00", green: "#1a6b2f", brightGreen: "#1a6b2f", cyan: "#0b6470",
  brightCyan: "#0b6470", blue: "#1c4fa0", brightBlue: "#1c4fa0", red: "#a3201d", brightRed: "#a3201d",
  magenta: "#7c2d8a", brightMagenta: "#7c2d8a" };
const DARK = { background: "#14171a", foreground: "#e4e7ea", cursor: "#e4e7ea", selectionBackground: "#2d4a6e" };
const dark = matchMedia("(prefers-color-scheme: dark)");

// xterm.js makes style elements; the page's policy takes them from us, by the nonce, and from nobody else.
const nonce = document.querySelector("script[data-nonce]").dataset.nonce;
const create = document.createElement.bind(document);
document.createElement = (name, options) => {
  const made = create(name, options);
  if (String(name).toLowerCase() === "style") made.nonce = nonce;
  return made;
};
// It also writes style attributes (a colour of 24 bits is one); the policy takes the same as properties.
const set = Element.prototype.setAttribute;
Element.prototype.setAttribute = function setAttribute(name, value) {
  if (String(name).toLowerCase() === "style") this.style.cssText = value;
  else set.call(this, name, value);
};

export class Shell {
  // `path`: its socket; `leave()` is called for the key that leads out of it.
  constructor(path, words, leave) {
    this.words = words;
    this.id = "";
    this.at = 0; // offset of what was given to xterm
    this.over = false;
    this.screen = h("div", { class: "screen" });
    this.note = h("p", { class: "note", role: "status" });
    this.element = h("div", { class: "terminal" }, this.screen, this.note);
    this.term = new Terminal({
      allowProposedApi: true, convertEol: false, cursorBlink: false, fontSize: 14, scrollback: 5000,
      fontFamily: "ui-monospace, 'DejaVu Sans Mono', 'Noto Sans Mono CJK SC', monospace", minimumContrastRatio: 4.5,
      screenReaderMode: localStorage.getItem("kvmlab-reader") === "yes", theme: dark.matches ? DARK : LIGHT,
      linkHandler: { activate: () => {} }, // links come from the lab host: none is followed
    });
    this.fit = new FitAddon();
    this.term.loadAddon(this.fit);
    this.term.loadAddon(new Unicode11Addon());
    this.term.unicode.activeVersion = "11";
    this.term.attachCustomKeyEventHandler((event) => {
      if (event.key !== "F6" || !event.ctrlKey) return true;
      event.preventDefault();
      if (event.type === "keydown") leave();
      return false;
    });
    this.term.onData((text) => this.typed(text));
    this.term.onBinary((text) => this.send(Uint8Array.from(text, (letter) => letter.charCodeAt(0) & 255)));
    this.term.onResize(() => this.sized());
    this.themed = () => (this.term.options.theme = dark.matches ? DARK : LIGHT);
    dark.addEventListener("change", this.themed);
    this.line = new Line(path, {
      query: () => ({ id: this.id, since: this.at }),
      heard: (message) => this.heard(message),
      up: (stands, why) => {
        if (stands) this.sized();
        if (!this.over) this.note.textContent = stands ? "" : why || words.lost;
      },
    });
  }

  open() {
    if (!this.observer) {
      this.term.open(this.screen);
      this.observer = new ResizeObserver(() => this.screen.clientWidth && this.fit.fit());
      this.observer.observe(this.screen);
    }
    this.fit.fit();
  }

  heard(message) {
    if (message instanceof Uint8Array) {
      const shown = (this.at += message.length);
      this.term.write(message, () => this.line.say(JSON.stringify({ shown })));
    } else if ("ended" in message) {
      this.over = true;
      this.note.textContent = this.words.ended;
      this.line.close();
    } else {
      this.id = message.id;
      this.at = message.from;
      if (message.wipe) this.term.reset();
      this.sized();
    }
  }

  typed(text) {
    if (!this.over) {
      this.send(new TextEncoder().encode(text));
    } else if (text === "\r") {
      this.over = false;
      this.note.textContent = "";
      this.line.closed = false;
      this.line.open();
    }
  }

  send(bytes) {
    for (let at = 0; at < bytes.length; at += TYPED) this.line.say(bytes.slice(at, at + TYPED));
  }

  sized() {
    this.line.say(JSON.stringify({ columns: this.term.cols, rows: this.term.rows }));
  }

  focus() {
    this.term.focus();
  }

  // A command, to be read before Enter is pressed: nothing in it presses it.
  put(command) {
    this.term.paste(command.replace(/[\x00-\x1f\x7f-\x9f]/g, " "));
    this.term.focus();
  }

  close() {
    dark.removeEventListener("change", this.themed);
    this.observer?.disconnect();
    this.line.close();
    this.term.dispose();
  }
}
