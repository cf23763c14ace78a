"use strict";
(() => {
  const form = document.getElementById("filters");
  const marked = [...document.querySelectorAll("[data-f]")].map(
    (element) => [element, element.dataset.f.split(" ").filter(Boolean)]
  );
  const rows = document.querySelectorAll("main tbody tr");

  // Hidden: what is about a filter's matter, but not about what is chosen.
  const show = () => {
    const chosen = [...form.querySelectorAll("select")]
      .filter((select) => select.value)
      .map((select) => [select.dataset.letter, select.value]);
    for (const [element, marks] of marked) {
      element.hidden = chosen.some(
        ([letter, value]) =>
          marks.some((mark) => mark[0] === letter) && !marks.includes(value)
      );
    }
    for (const figure of document.querySelectorAll("figure.table")) {
      figure.classList.toggle(
        "empty",
        chosen.length > 0 &&
          !figure.querySelector("tbody tr:not([hidden])")
      );
    }
    const left = [...rows].filter((row) => !row.closest("[hidden]")).length;
    document.getElementById("shown").textContent = chosen.length
      ? `${left} of ${rows.length} rows are shown.`
      : "";
  };

  if (form) {
    form.hidden = false;
    form.addEventListener("change", show);
    form.addEventListener("reset", () => setTimeout(show));
    // A browser that comes back to the page may remember what was chosen.
    show();
  }

  // On a phone the results come first.
  const contents = document.querySelector("nav details");
  if (innerWidth < 700 && contents.querySelectorAll("li").length > 12) {
    contents.open = false;
  }

  // A link to what is folded unfolds it.
  const unfold = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    const folded = target && target.querySelector(":scope > details.folded");
    if (folded) folded.open = true;
  };
  addEventListener("hashchange", unfold);
  unfold();

  // A figure that was enlarged by a click becomes small by another.
  document.addEventListener("click", (event) => {
    const link = event.target.closest(".zoom");
    if (link && link.hash === location.hash) {
      event.preventDefault();
      location.hash = link.closest("section").id;
    }
  });

  // What fits needs no stop on the way through the page.
  for (const box of document.querySelectorAll(".scroll")) {
    if (box.scrollWidth <= box.clientWidth && box.scrollHeight <= box.clientHeight) {
      box.removeAttribute("tabindex");
    }
  }

  // Paper has nothing to unfold.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const details of folded) details.open = true;
    for (const image of document.images) image.loading = "eager";
  });
  addEventListener("afterprint", () => {
    for (const details of folded) details.open = false;
  });
})();
