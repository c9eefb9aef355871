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
