/** What a test reads from HTML by a selector. */

/** How many elements a selector finds. */
export async function counts(html: string, ...selectors: string[]): Promise<number[]> {
  const found = selectors.map(() => 0);
  const rewriter = new HTMLRewriter();
  selectors.forEach((selector, i) => {
    rewriter.on(selector, {
      element: () => {
        found[i] = (found[i] ?? 0) + 1;
      },
    });
  });
  await rewriter.transform(new Response(html)).text();
  return found;
}

const ENTITIES: Record<string, string> = { lt: "<", gt: ">", quot: '"', "#39": "'", amp: "&" };

/** The words inside the elements that a selector finds, by one space each. */
export async function wordsOf(html: string, selector: string): Promise<string> {
  let words = "";
  const rewriter = new HTMLRewriter().on(selector, {
    text: ({ text, lastInTextNode }) => {
      words += lastInTextNode ? `${text} ` : text;
    },
  });
  await rewriter.transform(new Response(html)).text();
  return words
    .replace(/&(lt|gt|quot|#39|amp);/g, (entity, name: string) => ENTITIES[name] ?? entity)
    .replace(/\s+/g, " ")
    .trim();
}

/** An attribute of each element that a selector finds. */
export async function attributesOf(html: string, selector: string, name: string): Promise<string[]> {
  const found: string[] = [];
  const rewriter = new HTMLRewriter().on(selector, {
    element: (element) => {
      found.push(element.getAttribute(name) ?? "");
    },
  });
  await rewriter.transform(new Response(html)).text();
  return found;
}
