// A guest's screen: noVNC over a socket of ours; which guest it is, the server looks up by its name.

import RFB from "/static/vendor/novnc/core/rfb.js";
import { h } from "./dom.js";
import { call, SCHEME } from "./server.js";

export class Screen {
  constructor(path, words, leave) {
    Object.assign(this, { path, words, over: false });
    this.screen = h("div", { class: "vnc" });
    this.note = h("p", { class: "note", role: "status" });
    this.again = h("button", { type: "button", hidden: true, onclick: () => this.connect() }, words["connect"]);
    this.element = h("div", { class: "terminal" }, this.screen, h("div", {}, this.note, this.again));
    // noVNC takes every key; this one leads out, and is seen before it.
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "F6" || !event.ctrlKey) return;
      event.preventDefault();
      event.stopPropagation();
      leave();
    }, true);
    this.connect();
  }

  async connect() {
    this.again.hidden = true;
    this.note.textContent = "";
    try {
      const { ticket } = await call("ticket", { path: this.path });
      if (this.over) return;
      this.rfb = new RFB(this.screen, `${SCHEME}://${location.host}${this.path}?ticket=${encodeURIComponent(ticket)}`, { shared: true });
    } catch {
      return this.lost();
    }
    this.rfb.scaleViewport = true;
    this.rfb.showDotCursor = true;
    this.rfb.addEventListener("disconnect", () => this.lost());
    this.rfb.addEventListener("connect", () => this.focus());
  }

  lost() {
    if (this.over) return;
    this.note.textContent = this.words["no-screen"];
    this.again.hidden = false;
  }

  open() {}

  focus() {
    this.rfb?.focus();
  }

  put() {}

  close() {
    this.over = true;
    this.rfb?.disconnect();
  }
}
