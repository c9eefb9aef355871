import { describe, expect, test } from "bun:test";
import { counts, wordsOf } from "./count-elements.fixture.ts";
import {
  HOSTILE_STREAMS,
  HUGE_PAGES,
  harmless,
  hostile,
  hostilePaths,
  hostileView,
  hugeView,
  PAYLOADS,
  SELECTORS,
  wrongPaths,
} from "./hostile.fixture.ts";
import { hostileGroup } from "./hostile-registry.fixture.ts";
import { setKafka } from "./model/view.ts";
import { NOW } from "./sample.fixture.ts";
import { appFor } from "./serve.fixture.ts";

describe("much of everything", () => {
  test("ten thousand devices, two hundred types and messages of 60 KB keep every page small", async () => {
    const served = await appFor({ view: await hugeView(), now: () => NOW });
    for (const [path] of HUGE_PAGES) {
      const answer = await served.app.request(path, { headers: { host: "localhost" } });
      expect([path, answer.status]).toEqual([path, 200]);
      const html = await answer.text();
      expect([path, html.length < 700_000]).toEqual([path, true]);
      expect([path, Bun.gzipSync(html).length < 60_000]).toEqual([path, true]);
    }
  });
});

describe("hostile content", () => {
  test("of more than 500 kinds adds no element and no handler, in any field of any page or stream", async () => {
    expect(PAYLOADS.length).toBeGreaterThan(500);
    const expected = await render(harmless);
    expect(await render(hostile)).toEqual(expected);
    const [pages, streams] = [Object.keys(expected).length, HOSTILE_STREAMS.length];
    expect(Object.values(expected).filter((one) => (one["hx-partial"] ?? 0) > 0).length).toBe(streams);
    expect(pages).toBeGreaterThan(40);
  }, 30_000);

  test("stands in every field that is shown: without one of them the test above would prove little", async () => {
    const marked = (i: number) => `<${i}>`;
    const last = PAYLOADS.length - 1;
    const { ask } = await serve(marked);
    for (const [path, places] of SHOWN(last))
      for (const [selector, times] of places) {
        const words = await wordsOf(await ask(path), selector);
        expect([path, selector, words.split(marked(last)).length - 1 >= times]).toEqual([
          path,
          selector,
          true,
        ]);
      }
  });

  /** How often the last text stands there at least. */
  const SHOWN = (last: number): [path: string, places: [selector: string, times: number][]][] => [
    [
      `/messages/enriched/0/${last}`,
      [
        // Type, name, category, runner-up, capabilities; reasons; code, path and expected; a header.
        ["section[aria-labelledby=h-verdict]", 6],
        ["section[aria-labelledby=h-why]", 2],
        ["section[aria-labelledby=h-findings]", 3],
        [".steps", 2],
      ],
    ],
    [`/messages/dlq/0/${last}`, [["section[aria-labelledby=h-dead]", 3]]],
    [
      "/pipeline",
      [
        ["#services", 6],
        ["#registry", 6],
        ["#flow header", 2],
        ["#notices", 1],
      ],
    ],
    [
      `/types/${encodeURIComponent(`<${last}>`)}`,
      [
        ["section[aria-labelledby=h-about]", 5],
        ["section[aria-labelledby=h-measurements]", 4],
        ["section[aria-labelledby=h-rules]", 3],
        ["section[aria-labelledby=h-recognised]", 3],
        ["section[aria-labelledby=h-examples]", 1],
        ["section[aria-labelledby=h-makers]", 4],
        ["#numbers", 1],
      ],
    ],
    [
      "/",
      [
        ["#feed li:first-child summary", 4],
        ["#feed li:first-child .detail", 8],
        ["#attention", 3],
        ["#unknown", 2],
        ["#fleet", 1],
        ["#rail-footer", 1],
      ],
    ],
  ];

  async function serve(text: (i: number) => string) {
    const view = hostileView(text);
    const served = await appFor({ view, now: () => NOW, group: hostileGroup(text(PAYLOADS.length - 1)) });
    const ask = async (path: string) => {
      const answer = await served.app.request(path, { headers: { host: "localhost" } });
      if (!path.startsWith("/live")) return answer.text();
      return partsOf(await firstFrame(answer));
    };
    return { view, ask };
  }

  /** How many elements of each kind a page has. */
  async function render(text: (i: number) => string) {
    const { view, ask } = await serve(text);
    const evil = text(PAYLOADS.length - 1);
    const found: Record<string, Record<string, number>> = {};
    const count = async (path: string, name: string) => {
      const counted = await counts(await ask(path), ...SELECTORS);
      found[name] = Object.fromEntries(SELECTORS.map((selector, i) => [selector, counted[i] ?? 0]));
    };
    const paths = [...hostilePaths(text), ...wrongPaths(evil), ...HOSTILE_STREAMS];
    // The text itself is in some of them.
    for (const [i, path] of paths.entries()) await count(path, `${i} ${path.split(/[?%]|plain/)[0]}`);
    setKafka(view, false, NOW, evil);
    for (const path of ["/", "/pipeline"]) await count(path, `away ${path}`);
    return found;
  }
});

/** A stream's first frame, which comes in pieces. */
async function firstFrame(answer: Response): Promise<string> {
  const reader = answer.body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (let done = false; !done && !text.endsWith("\n\n");) {
    const piece = await reader?.read();
    text += decoder.decode(piece?.value, { stream: true });
    done = piece?.done !== false;
  }
  await reader?.cancel();
  return text;
}

/** The HTML in it: what has a name is JSON for the charts. */
const partsOf = (frame: string): string =>
  frame
    .split("\n\n")
    .filter((event) => event.startsWith("data: "))
    .map((event) => event.replace(/^data: /gm, ""))
    .join("\n");
