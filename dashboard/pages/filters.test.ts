/** Each filter finds the same messages everywhere: on the page, in its stream, in its exports, by the API. */
import { describe, expect, test } from "bun:test";
import { attributesOf, counts, wordsOf } from "../count-elements.fixture.ts";
import { fill, fullView } from "../full.fixture.ts";
import { createView } from "../model/view.ts";
import { NOW } from "../sample.fixture.ts";
import { appFor } from "../serve.fixture.ts";
import { ALL, EXPORTS, FILTERS, type RowAddress, addressOf, rowsOf } from "./filters.case.ts";

const decode = (href: string | undefined) => (href ?? "").replaceAll("&amp;", "&");

async function served(view = fullView()) {
  let tick = () => {};
  const start = (beat: () => void) => {
    tick = beat;
    return () => {};
  };
  const { app } = await appFor({ view, now: () => NOW, start });
  const ask = async (path: string) => await app.request(path, { headers: { host: "localhost" } });
  return { view, ask, text: async (path: string) => (await ask(path)).text(), tick: () => tick() };
}

describe.each(FILTERS)("%s %j", (topic, query, found) => {
  const address = `topic=${topic}&${new URLSearchParams(query)}`;
  // A limit is what a page shows; a file has all that match.
  const inFile = query.limit === undefined ? found : (ALL[topic] ?? []);

  test("the page has what matches, and says what it was asked", async () => {
    const html = await (await served()).text(`/messages?${address}`);
    expect(rowsOf(html)).toEqual(found);
    for (const [name, value] of Object.entries({ topic, ...query })) {
      const quoted = value.replaceAll('"', "&quot;").replaceAll(">", "&gt;");
      const chosen = await attributesOf(html, `.tools select[name=${name}] option[selected]`, "value");
      const typed = await attributesOf(html, `.tools input[name=${name}]`, "value");
      expect([name, ...chosen, ...typed]).toEqual([name, quoted]);
    }
  });

  test("its stream begins with what matches, and goes on with what matches", async () => {
    const { text, ask } = await served();
    const page = await text(`/messages?${address}`);
    const [live] = await attributesOf(page, "#live", "hx-sse:connect");
    const first = await readOne(await ask(decode(live)));
    expect(rowsOf(first.text)).toEqual(found);
    await first.reader.cancel();

    const later = await served(createView(NOW));
    const { reader } = await readOne(await later.ask(decode(live)));
    fill(later.view);
    later.tick();
    expect(rowsOf(new TextDecoder().decode((await reader.read()).value))).toEqual(found);
    await reader.cancel();
  });

  test("each file that the page offers has what matches", async () => {
    const { text } = await served();
    const links = await attributesOf(await text(`/messages?${address}`), ".tools nav a[download]", "href");
    expect(links).toHaveLength(Object.keys(EXPORTS).length);
    for (const [format, read] of Object.entries(EXPORTS)) {
      const link = links.map(decode).find((href) => href.endsWith(`format=${format}`));
      expect([format, ...read(await text(link ?? ""))]).toEqual([format, ...inFile]);
    }
  });

  test("the API answers what matches", async () => {
    const { text } = await served();
    const { messages } = JSON.parse(await text(`/api/messages?${address}`)) as { messages: RowAddress[] };
    expect(messages.map(addressOf)).toEqual(found);
  });
});

/** The first of a stream, and its reader for more. */
async function readOne(answer: Response) {
  const reader = (answer.body ?? new ReadableStream<Uint8Array>()).getReader();
  return { reader, text: new TextDecoder().decode((await reader.read()).value) };
}

describe("where nothing matches", () => {
  const links = async (query: string) => {
    const { text, ask } = await served();
    const page = await text(`/messages?${query}`);
    const [live] = await attributesOf(page, "#live", "hx-sse:connect");
    const stream = await readOne(await ask(decode(live)));
    await stream.reader.cancel();
    const told = (html: string) =>
      Promise.all([wordsOf(html, "#nothing p a"), attributesOf(html, "#nothing p a", "href")]);
    expect(await told(stream.text)).toEqual(await told(page));
    return await told(page);
  };

  test("the other topics where the same filter finds something are named, as links", async () => {
    const to = (topic: string) => `/messages?topic=${topic}&amp;device=broken-1`;
    expect(await links("topic=enriched&device=broken-1")).toEqual([
      "2 in Raw 2 in Dead letters",
      [to("raw"), to("dlq")],
    ]);
  });

  test("none is named for a filter that it has not, or that finds nothing there", async () => {
    for (const query of ["device=broken-1&grade=BAD", "type=smart_plug", "q=nowhere"])
      expect(await links(`topic=enriched&${query}`)).toEqual(["", []]);
  });
});

describe("the form of a topic", () => {
  const choices: Record<string, Record<string, string[]>> = {
    enriched: {
      type: ["", "environmental_sensor", "smart_breaker", "smart_meter", "unknown"],
      event: ["", "status_change", "telemetry"],
      grade: ["", "BAD", "GOOD", "UNCERTAIN"],
      code: ["", "missing", "range.operating", "unit"],
      method: ["", "ambiguous", "declared", "detected", "unknown"],
    },
    raw: {
      type: ["", "environmental_sensor", "smart_breaker", "smart_meter", "unknown"],
      event: ["", "status_change", "telemetry"],
    },
    dlq: { reason: [] },
  };

  test.each(Object.keys(choices))("%s offers each filter, with what was seen or may be", async (topic) => {
    const html = await (await served()).text(`/messages?topic=${topic}`);
    const names = await attributesOf(html, ".tools select", "name");
    expect(names).toEqual(Object.keys(choices[topic] ?? {}));
    for (const [name, expected] of Object.entries(choices[topic] ?? {})) {
      const offered = await attributesOf(html, `.tools select[name=${name}] option`, "value");
      if (expected.length > 0) expect([name, ...offered.toSorted()]).toEqual([name, ...expected]);
      else expect(offered).toContain("not_json");
    }
    expect(await counts(html, ".tools input[name=q]", ".tools input[name=device]")).toEqual([1, 1]);
  });
});
