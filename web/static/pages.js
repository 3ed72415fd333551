// What a form and links cannot do by themselves. Every page works without this file.
"use strict";

document.documentElement.classList.add("has-js");

// An element whose state differs from its markup (a ticked box, a typed number) keeps that state through a swap.
// After one the markup is right: it came from the address.
function followMarkup(root) {
  for (const box of root.querySelectorAll("input[type=checkbox]")) box.checked = box.defaultChecked;
  for (const field of root.querySelectorAll("input[type=number]")) field.value = field.defaultValue;
  for (const option of root.querySelectorAll("option")) option.selected = option.defaultSelected;
}

let cameFrom = null;

document.addEventListener("htmx:before:request", (event) => {
  const source = event.detail.ctx?.sourceElement;
  cameFrom = source?.closest?.(".pager, .chips, .facet-values, form")?.className ?? null;
});

document.addEventListener("htmx:after:swap", () => {
  const found = document.getElementById("found");
  if (!found) return;
  followMarkup(found);
  const title = document.getElementById("results-title");
  document.title = document.title.replace(/^.*(?= · )/, () => title.textContent);
  for (const link of document.querySelectorAll(".languages a, link[hreflang]")) {
    link.search = location.search;
    if (link.href) link.href = link.href.replace(/\?.*$/, "") + location.search;
  }
  // Who turned a page or took a filter away pressed something that is gone: go on reading at the new results.
  if (cameFrom === "pager" || cameFrom === "chips") {
    title.focus({ preventScroll: true });
    if (cameFrom === "pager") title.scrollIntoView({ block: "start" });
  }
  cameFrom = null;
});

// Back and forward swap the whole body; the search box then shows the address's words again.
addEventListener("popstate", () => {
  const field = document.getElementById("q");
  if (field) field.value = new URLSearchParams(location.search).get("q") ?? "";
});
