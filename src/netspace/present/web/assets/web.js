// What only the browser knows: the address, light or dark, and what moves over the page.
(function () {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const coarse = matchMedia("(pointer: coarse)");

  function view() {
    const path = window.location.pathname;
    const page = path.replaceAll("/", "") || "explore";
    for (const link of document.querySelectorAll(".bar nav a")) {
      const here = link.id === "to-" + page;
      if (here) {
        link.setAttribute("aria-current", "page");
        document.title = link.textContent + " – netspace";
      } else {
        link.removeAttribute("aria-current");
      }
    }
    return {path: path, search: window.location.search, dark: dark.matches, coarse: coarse.matches};
  }

  // The page's state goes into the address; nothing is loaded, and "back" leaves the page.
  function remember(query) {
    if (!query) {
      return window.dash_clientside.no_update; // on arrival the address says it all
    }
    const search = new URLSearchParams(query).toString();
    const path = window.location.pathname;
    window.history.replaceState(null, "", search ? path + "?" + search : path);
    return window.dash_clientside.no_update;
  }

  // One number by a slide and a box: what was not moved follows. Slides go to their nearest step.
  function followed(slide, text, shown, position) {
    const moved = window.dash_clientside.callback_context.triggered_id || "";
    const none = window.dash_clientside.no_update;
    if (moved.endsWith("-slide")) {
      return [none, String(shown(Number(slide)))];
    }
    const place = String(text ?? "").trim() === "" ? NaN : position(Number(text));
    return [Number.isFinite(place) ? place : none, none];
  }

  const same = (value) => value;
  const follow = (slide, text) => followed(slide, text, same, same);
  const follow_power = (slide, text) =>
    followed(slide, text, (value) => Number((2 ** value).toPrecision(6)), Math.log2);

  // Of several outputs the one whose ID ends in what is chosen is not hidden.
  const only = (chosen) =>
    window.dash_clientside.callback_context.outputs_list.map((output) => !output.id.endsWith("-" + chosen));

  const of_block = (block) => "of-" + block;

  // Arrow keys in a box move its slide by one step.
  document.addEventListener("keydown", (event) => {
    const steps = {ArrowUp: 1, ArrowDown: -1}[event.key];
    const row = event.target.closest && event.target.closest(".field");
    const slide = row && row.querySelector("input[type=range]");
    if (!steps || !slide || event.target === slide) {
      return;
    }
    event.preventDefault();
    slide.stepUp(steps);
    slide.dispatchEvent(new Event("input", {bubbles: true}));
  });

  // A button with data-copy copies the text of the element with that ID.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) {
      return;
    }
    const source = document.getElementById(button.dataset.copy);
    window.getSelection().selectAllChildren(source);
    try {
      await navigator.clipboard.writeText(source.textContent);
    } catch {
      document.execCommand("copy"); // where the address is not a secure one
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });

  dark.addEventListener("change", () => window.dash_clientside.set_props("view", {data: view()}));
  window.dash_clientside = Object.assign({}, window.dash_clientside, {netspace: {view, remember, follow, follow_power, only, of_block}});
})();
