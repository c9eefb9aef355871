/** The keyboard, told; assets/keys.ts does it. */

const KEYS = [
  ["p", "Pause and resume"],
  ["/", "Search messages"],
  ["j  k", "Next and previous message"],
  ["Enter", "Open and close a message"],
  ["↓  ↑", "Lines of a message, to copy a path or a value"],
  ["?", "This list"],
];

/** `pages`: those that `g` and a letter goes to. */
export const Keys = ({ pages }: { pages: readonly { key: string; name: string }[] }) => (
  <dialog id="keys" aria-labelledby="h-keys">
    <form method="dialog">
      <h2 id="h-keys">Keyboard shortcuts</h2>
      <dl class="kv">
        {pages.map((page) => (
          <>
            <dt>
              <span class="kbd">g</span> <span class="kbd">{page.key}</span>
            </dt>
            <dd>{page.name}</dd>
          </>
        ))}
        {KEYS.map(([key, what]) => (
          <>
            <dt>
              <span class="kbd">{key}</span>
            </dt>
            <dd>{what}</dd>
          </>
        ))}
      </dl>
      <button class="btn main" type="submit">
        Close
      </button>
    </form>
  </dialog>
);
