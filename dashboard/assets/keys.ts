/** The keyboard: `g` and a letter goes to a page, `/` searches, `j` and `k` walk the rows, `?` tells all of it. */

const GO_MS = 1_500;
let goUntil = 0;

/** `pause` is the page's own, since it knows whether there is a stream. */
export function listenToKeys(pause: () => void): void {
  document.addEventListener("keydown", (event) => {
    const at = event.target;
    const typing = at instanceof HTMLElement && at.closest("input, select, textarea, dialog[open]") !== null;
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (Date.now() < goUntil) {
      goUntil = 0;
      document.querySelector<HTMLElement>(`[data-go="${CSS.escape(event.key)}"]`)?.click();
      return;
    }
    const act = ACTS[event.key] ?? (event.key === "p" ? pause : undefined);
    if (act === undefined) return;
    event.preventDefault();
    act();
  });
  document.querySelector("#keys-open")?.addEventListener("click", showKeys);
}

const ACTS: Record<string, () => void> = {
  g: () => {
    goUntil = Date.now() + GO_MS;
  },
  "/": () => document.querySelector<HTMLElement>("#search")?.focus(),
  j: () => walk(1),
  k: () => walk(-1),
  "?": showKeys,
};

function showKeys(): void {
  document.querySelector<HTMLDialogElement>("#keys")?.showModal();
}

function walk(step: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>("#feed > li > details > summary")];
  const at = document.activeElement instanceof HTMLElement ? rows.indexOf(document.activeElement) : -1;
  rows[Math.min(rows.length - 1, Math.max(0, at + step))]?.focus();
}
