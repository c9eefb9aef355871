/** Copying: a whole message by its button, the path or the value of a line that was picked. */

export function listenToCopies(): void {
  document.addEventListener("click", (event) => {
    const at = event.target instanceof Element ? event.target : null;
    const button = at?.closest<HTMLElement>("[data-copy]");
    if (button) return void copyFrom(button);
    const line = at?.closest<HTMLElement>(".json li[data-p]");
    if (line && getSelection()?.isCollapsed) pick(line);
  });
  document.addEventListener("keydown", (event) => {
    const list = event.target instanceof Element ? event.target.closest(".json") : null;
    if (list === null || event.target !== list) return;
    const lines = [...list.querySelectorAll<HTMLElement>("li[data-p]")];
    const at = lines.findIndex((line) => line.classList.contains("picked"));
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const next = step === undefined ? undefined : lines[Math.max(0, at + step)];
    if (next !== undefined) {
      event.preventDefault();
      pick(next);
      next.scrollIntoView({ block: "nearest" });
    }
  });
}

/** The buttons stand on one line at a time. */
function pick(line: HTMLElement): void {
  for (const old of document.querySelectorAll(".json .picked")) {
    old.classList.remove("picked");
    old.querySelector(".copies")?.remove();
  }
  line.classList.add("picked");
  const copies = document.createElement("span");
  copies.className = "copies";
  for (const what of ["path", "value"]) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn sm";
    button.dataset.copy = what;
    button.textContent = `Copy ${what}`;
    copies.append(button);
  }
  line.append(copies);
}

async function copyFrom(button: HTMLElement): Promise<void> {
  const line = button.closest<HTMLElement>("li[data-p]");
  const what = button.dataset.copy ?? "";
  try {
    const text =
      line === null
        ? await (await fetch(what)).text()
        : what === "path"
          ? (line.dataset.p ?? "")
          : valueText(line);
    await write(text);
    say(button, "Copied");
  } catch {
    say(button, "Not copied");
  }
}

/** A member's value without its name and comma; a container goes on to the line that closes it, folded or not. */
function valueText(line: HTMLElement): string {
  const textOf = (one: Element) => one.querySelector("pre")?.textContent ?? "";
  const first = textOf(line);
  const indent = first.length - first.trimStart().length;
  let text = first.trimStart().replace(/^"(?:[^"\\]|\\.)*": /, "");
  if (!/[{[]$/.test(text)) return text.replace(/,$/, "");
  const lines = [...(line.closest(".more, .card") ?? document).querySelectorAll(".json > li")];
  for (const next of lines.slice(lines.indexOf(line) + 1)) {
    const more = textOf(next);
    text += `\n${more.slice(indent)}`;
    if (more.length - more.trimStart().length === indent) return text.replace(/,$/, "");
  }
  throw new Error("its end is not shown: it has too many lines");
}

/** Copies a text. Without https and off this machine the navigator has no clipboard: the old way serves then. */
async function write(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("refused");
}

function say(button: HTMLElement, word: string): void {
  const before = button.dataset.word ?? button.textContent ?? "";
  button.dataset.word = before;
  button.textContent = word;
  setTimeout(() => {
    button.textContent = before;
  }, 1_500);
}
