// The book: a chapter, and where words stand in all of it.

import { h, prose } from "./dom.js";
import { call } from "./server.js";

export async function bookPage({ lang, say }, number) {
  const chapter = await call("book", { lang, number: Number(number) });
  const links = chapter.titles.map((title, at) => h("li", {},
    at === chapter.number ? h("strong", {}, title) : h("a", { href: `#/book/${at}` }, title)));
  const main = h("main", { class: "course book" }, search(lang, say), h("nav", {}, h("ol", {}, links)),
    h("h1", {}, chapter.titles[chapter.number]), prose("article", chapter.html));
  return { main, title: chapter.titles[chapter.number] };
}

export function search(lang, say) {
  const found = h("div", { role: "status" });
  const words = h("input", { type: "search", name: "words", maxlength: 100, "aria-label": say("search") });
  const form = h("form", { role: "search", class: "search" }, words, " ", h("button", { type: "submit" }, say("search")), found);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!words.value.trim()) return;
    const { places } = await call("search", { lang, words: words.value });
    found.replaceChildren(places.length ? h("ul", {}, places.map((place) => h("li", {},
      h("a", { href: `#/book/${place.number}` }, `${place.chapter}: ${place.heading}`), h("br"), place.excerpt)))
      : h("p", {}, say("nothing")));
  });
  return form;
}
