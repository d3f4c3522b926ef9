// A chapter's quiz: one question after the other, the unknown ones first; each answer is marked and explained.

import { h, prose } from "./dom.js";
import { call } from "./server.js";

export async function quizPage({ lang, say }, chapter) {
  const quiz = await call("quiz", { lang, chapter });
  const place = h("section", { class: "question", "aria-live": "polite" });
  const state = h("p", { class: "facts" });
  const known = new Set(quiz.questions.filter((one) => one.known).map((one) => one.id));
  const asked = quiz.questions.filter((one) => !one.known).concat(quiz.questions.filter((one) => one.known));
  let at = 0;

  function ask() {
    state.textContent = say("quiz", { known: known.size, most: quiz.questions.length });
    const question = asked[at];
    if (!question) return place.replaceChildren(h("p", {}, h("a", { href: "#/" }, say("course"))));
    const many = question.kind === "multiple";
    const order = question.options.map((html, number) => ({ html, letter: "abcdefghijklmnopqrstuvwxyz"[number] }));
    for (let left = order.length - 1; left > 0; left -= 1) {
      const other = Math.floor(Math.random() * (left + 1));
      [order[left], order[other]] = [order[other], order[left]];
    }
    const typed = h("input", { name: "answer", type: "text", maxlength: 500, autocomplete: "off", "aria-label": say("answer") });
    const options = order.map(({ html, letter }) => h("label", { class: "option" },
      h("input", { type: many ? "checkbox" : "radio", name: "answer", value: letter }), prose("span", html)));
    const told = h("div", { class: "marked", role: "status" });
    const button = h("button", { type: "submit" }, say("answer"));
    const skip = h("button", { type: "button", class: "plain", onclick: next }, say("next"));
    const form = h("form", {}, h("fieldset", {}, prose("legend", question.title), prose("div", question.html),
      options.length ? options : typed), button, " ", skip, told);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const given = options.length
        ? [...new FormData(form).getAll("answer")].sort().join("") : String(new FormData(form).get("answer")).trim();
      if (given) answer(question, given, form, button, told);
    });
    place.replaceChildren(form);
    form.querySelector("input").focus();
    return undefined;
  }

  async function answer(question, given, form, button, told) {
    try {
      const found = await call("answer", { lang, chapter, question: question.id, answer: given });
      button.disabled = form.querySelector("fieldset").disabled = true;
      (found.right ? known.add(question.id) : known.delete(question.id));
      told.replaceChildren(
        h("p", { class: found.right ? "right" : "wrong" }, found.right ? `✓ ${say("right")}` : `✗ ${say("not-right")}`),
        ...(found.right ? [] : [...found.why.map((html) => prose("div", html)),
          h("p", {}, `${say("right-is")} `, prose("span", found.wanted))]),
        prose("div", found.explanation));
      form.querySelector("button.plain").focus();
      state.textContent = say("quiz", { known: known.size, most: quiz.questions.length });
    } catch (error) {
      told.replaceChildren(h("p", { class: "wrong" }, error.message));
    }
  }

  function next() {
    at += 1;
    ask();
  }

  ask();
  const shown = () => place.querySelector("input")?.focus(); // what is not in the page yet takes no focus
  return { main: h("main", { class: "course" }, h("h1", {}, quiz.title), state, place), title: quiz.title, shown };
}
