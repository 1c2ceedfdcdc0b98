// Filters the operations while one types, and opens what a link points to.
"use strict";

const filter = document.getElementById("filter");
const count = document.getElementById("count");
const operations = [...document.querySelectorAll(".group .operation")];

function show() {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const operation of operations) {
    operation.hidden = !words.every((word) => operation.dataset.text.includes(word));
    shown += operation.hidden ? 0 : 1;
  }
  for (const group of document.querySelectorAll(".group")) {
    group.hidden = !group.querySelector(".operation:not([hidden])");
  }
  count.textContent = words.length ? `${shown} / ${operations.length}` : `${operations.length} 个接口`;
}

function open() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) {
    target.open = true;
    target.scrollIntoView();
  }
}

filter.addEventListener("input", show);
addEventListener("hashchange", open);
show();
open();
