// The course: its chapters and labs, and how far one is.

import { search } from "./book.js";
import { h } from "./dom.js";
import { call } from "./server.js";

export const MARKS = { done: "✓", running: "▶", stopped: "■", begun: "◐", solved: "○", new: "·" };

export async function coursePage({ lang, say }) {
  const course = await call("course", { lang });
  const row = (lab) =>
    h("li", { class: `lab ${lab.state}` },
      h("span", { class: "mark", "aria-hidden": "true" }, MARKS[lab.state] ?? "·"),
      h("a", { href: `#/lab/${lab.id}` }, lab.title || lab.id),
      h("span", { class: "facts" },
        `${say(lab.state)} · ${say("minutes", { minutes: lab.minutes })} · ${lab.points}/${lab.max_points}`),
      lab.error ? h("span", { class: "wrong" }, lab.error) : null);
  const chapter = (one) =>
    h("section", {},
      h("h2", {}, one.title,
        one.questions.all ? h("a", { class: "facts", href: `#/quiz/${one.id}` },
          say("quiz", { known: one.questions.known, most: one.questions.all })) : null),
      h("ul", { class: "labs" }, one.labs.map(row)));
  const main = h("main", { class: "course" },
    h("h1", {}, course.course.title),
    h("p", { class: "facts" }, h("progress", { value: course.points, max: course.max_points,
      "aria-label": course.course.title }), " ", say("points", { points: course.points, most: course.max_points })),
    h("p", {}, h("a", { href: "#/book/0" }, say("book"))), search(lang, say),
    course.chapters.map(chapter));
  return { main, title: course.course.title };
}
