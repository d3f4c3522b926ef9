// The instructor's board: who is where in their lab, those on top who have waited longest for a gain.

import { h, sentence } from "./dom.js";
import { call } from "./server.js";

const EVERY_MS = 3000;
const HEADS = ["id", "name", "lab", "tasks", "points", "at", "hints", "minutes"];

export async function boardPage({ lang, say }) {
  const place = h("div", { tabindex: "0" });
  let timer = 0;
  let over = false;

  function row(seat) {
    const at = seat.state === "running" ? seat.failing || seat.task || say("done") : say(`state-${seat.state}`);
    const why = seat.mistake ? h("p", { class: "mistake" }, sentence(seat.mistake)) : null;
    const cells = [seat.name, seat.lab, `${seat.passed}/${seat.tasks}`, `${seat.points}/${seat.max_points}`, [at, why],
      seat.hints || "", seat.minutes === null ? "?" : say("minutes", { minutes: seat.minutes })];
    return h("tr", { class: seat.stuck ? "stuck" : "" },
      h("th", { scope: "row" }, seat.stuck ? "! " : "", seat.student), cells.map((cell) => h("td", {}, cell)));
  }

  async function draw() {
    const { seats } = await call("board", { lang });
    place.replaceChildren(seats.length
      ? h("table", {}, h("thead", {}, h("tr", {}, HEADS.map((name) => h("th", { scope: "col" }, say(`head-${name}`))))),
        h("tbody", {}, seats.map(row)))
      : h("p", {}, say("nobody")));
  }

  function again() {
    timer = setTimeout(async () => {
      await draw().catch((error) => place.replaceChildren(h("p", { class: "wrong" }, error.message || say("gone"))));
      if (!over) again();
    }, EVERY_MS);
  }

  await draw();
  const close = () => {
    over = true;
    clearTimeout(timer);
  };
  return { main: h("main", { class: "course board" }, h("h1", {}, say("board")), place), title: say("board"), shown: again, close };
}
