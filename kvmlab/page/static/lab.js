// A lab: its text with the checks in it at the left, terminals at the right.

import { h, prose, sentence } from "./dom.js";
import { picture } from "./map.js";
import { call, Failed, Line } from "./server.js";
import { Shell } from "./terminal.js";

const MARKS = { passed: "✓", failed: "✗", blocked: "○", error: "!" };
const NAMES = { passed: "passed", failed: "unmet", blocked: "blocked", error: "error" };
const OFFERED = { none: ["start"], running: ["reset", "finish", "solve"], stopped: ["resume", "reset", "finish"],
  starting: ["reset"], stopping: ["finish"], damaged: ["reset"], error: ["reset", "finish"] };
const ASKED = new Set(["reset", "finish", "solve"]);
const TERMINALS = 4;
const MAP_MS = 3000;

export async function labPage(app, id) {
  const page = new LabPage(app, id);
  page.line = new Line(`/ws/lab/${app.lang}/${id}`, {
    heard: (message) => page.heard(message),
    up: (stands) => page.main.classList.toggle("away", !stands),
  });
  try {
    await page.read();
  } catch (error) {
    page.close();
    throw error;
  }
  return page;
}

class LabPage {
  constructor({ lang, say, words }, id) {
    Object.assign(this, { lang, say, words, id, shells: [], views: [], checks: {}, state: "", instance: "", passed: "",
      doing: 0 });
    this.text = h("article", { class: "text", tabindex: "-1", "aria-label": say("text") });
    this.bar = h("div", { class: "bar" });
    this.told = h("div", { class: "told", role: "status" });
    this.log = h("pre", { class: "log", hidden: true });
    this.tabs = h("div", { class: "tabs", role: "tablist" });
    this.panes = h("div", { class: "panes" });
    this.work = h("section", { class: "work" }, this.tabs, this.panes,
      h("p", { class: "keys" }, h("span", {}, say("leave")), this.reader()));
    this.main = h("main", { class: "both" },
      h("div", { class: "left" }, this.bar, this.told, this.log, this.text), this.work);
  }

  async read() {
    this.lab = await call("lab", { lang: this.lang, lab: this.id });
    this.title = this.lab.title;
    this.draw();
  }

  // What was heard before is drawn now: a terminal has no size until it is in the page.
  shown() {
    this.isShown = true;
    if (this.first) this.heard(this.first);
  }

  skip() {
    this.shells[0]?.term.focus();
  }

  close() {
    this.line.close();
    clearTimeout(this.mapping);
    this.views.forEach((view) => view.close());
  }

  // the text

  draw() {
    this.checks = {};
    const tasks = this.lab.tasks.map((task, number) => this.task(task, number + 1));
    this.text.replaceChildren(
      h("h1", {}, this.lab.title),
      h("p", { class: "facts" }, `${this.id} · ${this.say("minutes", { minutes: this.lab.minutes })} · ` +
        this.say("points", { points: this.lab.points, most: this.lab.max_points })),
      prose("div", this.lab.html), ...tasks);
    if (this.report) this.show(this.report);
  }

  task(task, number) {
    const checks = (this.checks[task.id] = h("ul", { class: "checks" }));
    const mark = (checks.mark = h("span", { class: "mark" }, task.passed ? MARKS.passed : ""));
    const head = h("h2", {}, mark, `${number}. `, prose("span", task.title),
      h("span", { class: "facts" }, ` ${task.max_points}`));
    const hint = async () => {
      await this.doing_(async () => {
        await call("hint", { lang: this.lang, lab: this.id, task: task.id });
        await this.read();
      });
    };
    const hints = task.hints.map((html, at) => h("details", { class: "hint", open: at === task.hints.length - 1 },
      h("summary", {}, this.say("hint-number", { number: at + 1, all: task.hints_in_all })), prose("div", html)));
    const more = task.hints.length < task.hints_in_all && !task.passed
      ? h("button", { type: "button", class: "plain", onclick: hint }, this.say("hint")) : null;
    const why = task.explanation ? h("details", { class: "explanation" },
      h("summary", {}, this.say("explanation")), prose("div", task.explanation)) : null;
    return h("section", { class: task.passed ? "task passed" : "task", id: `task-${task.id}` },
      head, prose("div", task.html), checks, hints, more, why);
  }

  // what is found

  heard(message) {
    if (!this.isShown) return void (this.first = message);
    const { lab, action, stirs } = message;
    if (stirs !== this.stirs) this.stirred();
    this.stirs = stirs;
    if (action) this.acted(action);
    this.state = lab.state ?? "";
    this.drawBar(action && action.status === null);
    if (lab.error) this.tell(lab.error, lab.todo);
    if (lab.report) {
      this.report = lab.report;
      this.show(lab.report);
      this.drawMap();
      const passed = lab.report.tasks.map((task) => task.verdict === "passed").join();
      if (passed !== this.passed && this.passed) this.read();
      this.passed = passed;
    }
    if (this.state === "running" && !this.shells.length) this.another();
    if (lab.instance && this.instance && lab.instance !== this.instance) this.told.replaceChildren();
    this.instance = lab.instance ?? this.instance;
  }

  show(report) {
    for (const task of report.tasks) {
      const list = this.checks[task.id];
      const drawn = JSON.stringify(task);
      if (!list || list.drawn === drawn) continue; // what has not changed keeps its focus
      list.drawn = drawn;
      list.replaceChildren(...task.checks.map((check) => this.check(check)));
      list.mark.textContent = MARKS[task.verdict] ?? "";
      list.mark.title = this.say(NAMES[task.verdict] ?? "");
      list.parentElement.classList.toggle("passed", task.verdict === "passed");
    }
  }

  check(check) {
    const open = check.verdict === "failed" || check.verdict === "error";
    return h("li", { class: `check ${check.verdict}` },
      h("span", { class: "mark", role: "img", "aria-label": this.say(NAMES[check.verdict] ?? "") },
        MARKS[check.verdict] ?? ""),
      h("span", {}, sentence(check.sentence)),
      check.error ? h("p", { class: "wrong" }, check.error) : null,
      open ? check.findings.flatMap((finding) => this.finding(finding)) : null);
  }

  finding(finding) {
    const unmet = finding.facts.filter((fact) => !fact.met);
    const commands = new Set(unmet.map((fact) => fact.see).filter(Boolean));
    return unmet.length === 0 ? [] : [h("div", { class: "finding" },
      unmet.map((fact) => h("p", {}, h("strong", {}, finding.subject), ` ${fact.name}: `,
        sentence(this.say("found", { found: fact.found, wanted: fact.wanted })))),
      [...commands].map((see) => this.command(see)),
      finding.mistake ? h("p", { class: "mistake" }, sentence(finding.mistake.sentence)) : null,
      finding.mistake?.see && !commands.has(finding.mistake.see) ? this.command(finding.mistake.see) : null)];
  }

  command(text) {
    return h("button", { type: "button", class: "command", title: this.say("type"), onclick: () => this.put(text) },
      h("code", {}, text));
  }

  put(text) {
    (this.current ?? this.shells[0])?.put(text);
  }

  // what is done

  drawBar(busy) {
    const key = `${this.state} ${busy} ${this.lang}`;
    if (this.bar.dataset.key === key) return;
    this.bar.dataset.key = key;
    const offered = OFFERED[this.state] ?? [];
    this.bar.replaceChildren(
      h("span", { class: `state ${this.state}` }, this.say(`state-${this.state}`)),
      ...offered.map((verb) => h("button", { type: "button", disabled: busy, onclick: () => this.act(verb) },
        this.say(verb))));
  }

  act(verb) {
    if (!ASKED.has(verb)) return this.doing_(() => call("act", { lang: this.lang, lab: this.id, verb }));
    const sure = h("dialog", {}, h("p", {}, this.say(`sure-${verb}`)),
      h("button", { type: "button", onclick: () => sure.close("yes") }, this.say("yes")), " ",
      h("button", { type: "button", class: "plain", onclick: () => sure.close("no") }, this.say("no")));
    sure.addEventListener("close", () => {
      sure.remove();
      if (sure.returnValue === "yes") this.doing_(() => call("act", { lang: this.lang, lab: this.id, verb }));
    });
    document.body.append(sure);
    sure.showModal();
    return undefined;
  }

  async doing_(work) {
    this.told.replaceChildren();
    try {
      await work();
    } catch (error) {
      this.tell(error.message, error instanceof Failed ? error.todo : "");
    }
  }

  tell(message, todo) {
    this.told.replaceChildren(h("p", { class: "wrong" }, message), todo ? h("p", {}, "→ ", h("code", {}, todo)) : "");
  }

  acted(action) {
    const busy = action.status === null;
    this.log.hidden = !busy && action.verb !== "solve" && action.status === 0;
    this.log.textContent = (busy && action.verb !== "solve" ? action.lines.slice(-1) : action.lines).join("\n");
    this.log.scrollTop = this.log.scrollHeight;
    if (!busy && this.doing && action.id === this.doing) this.shells.forEach((shell) => shell.over && shell.typed("\r"));
    this.doing = busy ? action.id : 0;
  }

  // terminals, the map, screens

  another() {
    const number = this.shells.length + 1;
    if (number > TERMINALS) return;
    const shell = new Shell(this.socket("terminal", `shell-${number}`), this.words, () => this.leave());
    this.shells.push(shell);
    this.add(shell, this.say("terminal", { number }));
    if (number === 1) this.offer();
  }

  socket(kind, name) {
    return kind === "screen" ? `/ws/screen/${this.id}/${name}` : `/ws/terminal/${this.lang}/${this.id}/${name}`;
  }

  // A view has an element, open(), focus(), put(command), close().
  add(view, name) {
    const number = this.views.push(view);
    view.name = name;
    view.tab = h("button", { type: "button", role: "tab", id: `tab-${number}`, "aria-controls": `pane-${number}`,
      onclick: () => this.choose(view) }, name);
    view.pane = h("div", { class: "pane", role: "tabpanel", id: `pane-${number}`, "aria-labelledby": `tab-${number}` },
      view.element);
    this.panes.append(view.pane);
    this.tabs.append(view.tab);
    this.choose(view);
  }

  choose(chosen) {
    if (chosen instanceof Shell) this.current = chosen;
    for (const view of this.views) {
      view.pane.hidden = view !== chosen;
      view.tab.setAttribute("aria-selected", String(view === chosen));
    }
    const [strip, tab] = [this.tabs, chosen.tab].map((one) => one.getBoundingClientRect());
    this.tabs.scrollLeft += tab.left - strip.left - (strip.width - tab.width) / 2; // the strip alone: not the page
    chosen.open();
    chosen.focus();
  }

  // What else can be opened: it is asked when the list is.
  offer() {
    const list = h("select", { class: "offer", "aria-label": this.say("open") });
    const drawn = () => {
      const guests = this.map?.domains ?? [];
      const offers = [["", this.say("open")], ["map", this.say("map")],
        ...(this.shells.length < TERMINALS ? [["shell", this.say("more-terminals")]] : []),
        ...guests.map(({ name }) => [`console:${name}`, this.say("console", { guest: name })]),
        ...guests.filter(({ display }) => display === "vnc")
          .map(({ name }) => [`screen:${name}`, this.say("screen", { guest: name })])];
      const known = JSON.stringify(offers);
      if (list.dataset.known === known) return;
      list.dataset.known = known;
      list.replaceChildren(...offers.map(([value, text]) => h("option", { value }, text)));
    };
    for (const near of ["pointerenter", "focus"]) list.addEventListener(near, () => this.readMap());
    list.addEventListener("change", () => {
      const [kind, ...rest] = list.value.split(":");
      list.value = "";
      this.openView(kind, rest.join(":"));
    });
    this.drawOffer = drawn;
    drawn();
    this.work.insertBefore(list, this.panes);
    this.readMap();
  }

  openView(kind, guest) {
    const name = kind === "map" ? this.say("map") : kind === "shell" ? "" : this.say(kind, { guest });
    const there = this.views.find((view) => view.name === name);
    if (there) return this.choose(there);
    if (kind === "shell") this.another();
    if (kind === "map") this.add(this.mapView(), name);
    const leave = () => this.leave();
    if (kind === "console") this.add(new Shell(this.socket("terminal", `console:${guest}`), this.words, leave), name);
    if (kind === "screen") this.doing_(() => this.addScreen(guest, name, leave));
    return undefined;
  }

  async addScreen(guest, name, leave) {
    const { Screen } = await import("./screen.js");
    if (!this.views.some((view) => view.name === name)) {
      this.add(new Screen(this.socket("screen", guest), this.words, leave), name);
    }
  }

  mapView() {
    const element = (this.mapPlace = h("div", { class: "mapped" }));
    this.drawMap();
    return { element, open: () => this.readMap(), focus: () => element.firstChild?.focus(), put() {}, close() {} };
  }

  // The map is read when it may have changed, and then not again for a while.
  readMap() {
    if (this.state !== "running") return;
    this.wanted = Boolean(this.mapping);
    if (this.mapping) return;
    this.stale = false;
    this.mapping = setTimeout(async () => {
      try {
        this.map = await call("map", { lang: this.lang, lab: this.id });
        this.drawOffer?.();
        this.drawMap();
      } catch {
        // the lab host has just gone: what is there is told by its state
      }
      this.mapping = setTimeout(() => {
        this.mapping = 0;
        if (this.wanted) this.readMap();
        else if (this.stale) this.stirred();
      }, MAP_MS);
    });
  }

  // Something was done on the lab host: a map that is looked at is read anew.
  stirred() {
    this.stale = true;
    if (this.mapPlace && !this.mapPlace.closest("[hidden]")) this.readMap();
  }

  drawMap() {
    if (!this.mapPlace || !this.map) return;
    const wrong = (this.report?.tasks ?? []).flatMap((task) => task.checks).filter((check) => check.verdict === "failed")
      .flatMap((check) => check.findings).filter((finding) => finding.facts.some((fact) => !fact.met));
    this.mapPlace.replaceChildren(picture(this.map, wrong.map((finding) => finding.subject), this.say));
  }

  leave() {
    this.text.focus();
  }

  reader() {
    const box = h("input", { type: "checkbox", checked: localStorage.getItem("kvmlab-reader") === "yes",
      onchange: () => {
        localStorage.setItem("kvmlab-reader", box.checked ? "yes" : "no");
        this.shells.forEach((shell) => (shell.term.options.screenReaderMode = box.checked));
      } });
    return h("label", {}, box, " ", this.say("reader"));
  }
}
