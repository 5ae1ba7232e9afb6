/* Everything that moves on a page: sorting and filtering tables, browsing articles, the map, links that open what they point to. */
(() => {
  "use strict";
  const one = (root, what) => root.querySelector(what);
  const all = (root, what) => [...root.querySelectorAll(what)];
  const make = (name, text, attributes = {}) => {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  const fold = text => text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "").replace(/đ/g, "d");
  const soon = act => { let timer; return () => { clearTimeout(timer); timer = setTimeout(act, 120); }; };

  function sorting(table) {
    all(table, "thead th").forEach((head, column) => {
      const button = one(head, "button");
      if (!button) return;
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const rows = [...table.tBodies[0].rows];
        const numbers = rows.some(row => row.cells[column].dataset.v !== undefined);
        const was = head.getAttribute("aria-sort");
        const down = was === "none" ? numbers : was === "ascending";
        const key = row => {
          const cell = row.cells[column];
          return numbers ? (cell.dataset.v === undefined ? NaN : +cell.dataset.v) : cell.textContent.trim();
        };
        const order = (a, b) => numbers ? a - b : a.localeCompare(b, undefined, { numeric: true });
        const keyed = rows.map(row => [key(row), row]);
        const missing = value => numbers ? Number.isNaN(value) : value === "" || value === "–";
        keyed.sort(([a], [b]) => missing(a) - missing(b) || (missing(a) ? 0 : down ? order(b, a) : order(a, b)));
        all(table, "[aria-sort]").forEach(other => other.setAttribute("aria-sort", "none"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        table.tBodies[0].append(...keyed.map(([, row]) => row));
      });
    });
  }

  function filtering(block) {
    const input = one(block, ":scope > .filter input"), told = one(block, ":scope > .filter output");
    if (!input) return;
    const rows = all(block, "tbody tr").map(row => [fold([...row.cells].map(cell => cell.textContent).join(" ")), row]);
    input.addEventListener("input", soon(() => {
      const words = fold(input.value).split(/\s+/).filter(Boolean);
      let n = 0;
      for (const [text, row] of rows) n += !(row.hidden = !words.every(word => text.includes(word)));
      told.textContent = `${n.toLocaleString("en")} of ${rows.length.toLocaleString("en")} rows`;
    }));
  }

  function browsing(block) {
    const { labels, rows } = JSON.parse(one(block, "script").textContent);
    const input = one(block, "input"), select = one(block, "select"), told = one(block, "output");
    const body = one(block, "tbody"), more = one(block, ".more"), heads = all(block, "thead th");
    const texts = rows.map(row => fold(row[1] + " " + row[3] + " " + row[4] + " " + row[0]));
    const share = (row, topic) => { const at = row[5].findIndex((v, i) => i % 2 === 0 && v === topic); return at < 0 ? 0 : row[5][at + 1]; };
    let found = [], shown = 0, column = null, down = false;
    const line = ([id, title, url, source, date, topics]) => {
      const row = make("tr", "", { id: "article-" + id }), head = make("th", "", { scope: "row", dir: "auto" });
      head.append(url ? make("a", title, { href: url, rel: "noopener noreferrer" }) : title);
      const said = topics.map((v, i) => i % 2 ? "" : `\u2068${labels[v]}\u2069 ${Math.round(topics[i + 1] / 10)}\u00a0%`).filter(Boolean).join("; ");
      row.append(head, make("td", source, { dir: "auto" }), make("td", date || "–", { class: "date" }), make("td", said));
      return row;
    };
    const grow = () => {
      body.append(...found.slice(shown, shown + 50).map(line));
      shown = Math.min(found.length, shown + 50);
      more.hidden = shown >= found.length;
      told.textContent = `${found.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")} articles; ${shown.toLocaleString("en")} shown`;
    };
    const draw = () => {
      const words = fold(input.value).split(/\s+/).filter(Boolean), topic = +select.value;
      found = rows.filter((row, i) => (!topic || share(row, topic)) && words.every(word => texts[i].includes(word)));
      if (column !== null) {
        const of = row => column === 3 ? (topic ? share(row, topic) : row[5][1] || 0) : row[[1, 3, 4][column]];
        const order = (a, b) => column === 3 ? a - b : (a === "") - (b === "") || a.localeCompare(b);
        found.sort((a, b) => down ? order(of(b), of(a)) : order(of(a), of(b)));
      } else if (topic) found.sort((a, b) => share(b, topic) - share(a, topic));
      body.replaceChildren();
      shown = 0;
      grow();
    };
    heads.forEach((head, i) => {
      const button = one(head, "button"), fresh = button.cloneNode(true);
      button.replaceWith(fresh); // the table's own sorting knows only the rows in sight
      fresh.addEventListener("click", () => {
        down = column === i ? !down : i === 3;
        column = i;
        heads.forEach(other => other.setAttribute("aria-sort", "none"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        draw();
      });
    });
    input.addEventListener("input", soon(draw));
    select.addEventListener("change", draw);
    more.addEventListener("click", grow);
    block.find = id => { input.value = id; select.value = ""; draw(); };
    draw();
  }

  function mapping(block) {
    const { labels, words } = JSON.parse(one(block, "script").textContent);
    const select = one(block, "select"), slider = one(block, "input"), told = one(block, "output");
    const list = one(block, ".words"), discs = all(block, "[data-topic]"), n = +block.dataset.n;
    const draw = () => {
      const weight = +slider.value, topic = select.value;
      const ranked = (words[topic] || []).filter(([, p, q]) => p > 0 && q > 0)
        .map(([term, p, q]) => [Math.log(p) - (1 - weight) * Math.log(q), term, p])
        .sort((a, b) => b[0] - a[0] || (a[1] < b[1] ? -1 : 1)).slice(0, n);
      const most = Math.max(...ranked.map(word => word[2]));
      list.replaceChildren(...ranked.map(([, term, p]) => {
        const item = make("li"), bar = make("i");
        bar.style.setProperty("--w", `${100 * p / most}%`);
        item.append(make("span", term, { dir: "auto", title: term }), bar, make("b", `${(100 * p).toPrecision(2)} %`));
        return item;
      }));
      list.setAttribute("aria-label", `Words of topic ${topic}, ${labels[topic]}`);
      told.textContent = weight.toFixed(2);
      discs.forEach(disc => disc.setAttribute("aria-pressed", disc.dataset.topic === topic));
    };
    const choose = disc => { select.value = disc.dataset.topic; draw(); };
    discs.forEach(disc => {
      disc.addEventListener("click", () => choose(disc));
      disc.addEventListener("keydown", event => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(disc); } });
    });
    select.addEventListener("change", draw);
    slider.addEventListener("input", draw);
    draw();
  }

  function start(root) {
    all(root, ".table:not([data-ready])").forEach(block => { block.dataset.ready = ""; all(block, "table").forEach(sorting); filtering(block); });
    all(root, "[data-topics]:not([data-ready])").forEach(block => { block.dataset.ready = ""; (block.dataset.topics === "map" ? mapping : browsing)(block); });
  }

  function follow() {
    const id = decodeURIComponent(location.hash.slice(1));
    if (!id) return;
    const browser = one(document, ".browser");
    if (id.startsWith("article-") && browser && !document.getElementById(id)) browser.find(id.slice(8));
    const target = document.getElementById(id);
    if (!target) return;
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    target.scrollIntoView();
  }

  start(document);
  if (document.body.classList.contains("page")) {
    const contents = one(document, ".contents details"), wide = matchMedia("(min-width: 66rem)");
    const unfold = () => { if (contents) contents.open = wide.matches; };
    unfold();
    wide.addEventListener("change", unfold);
    const here = one(document, "header [aria-current]");
    if (here) here.closest("ul").scrollLeft = here.offsetLeft - 20; // on a narrow screen the pages are a row that scrolls
    addEventListener("hashchange", follow);
    follow();
  } else if (!window.topicsWatch) {
    window.topicsWatch = new MutationObserver(soon(() => start(document)));
    window.topicsWatch.observe(document.body, { childList: true, subtree: true });
  }
})();
