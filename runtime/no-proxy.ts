/**
 * Imported first by whatever asks our own services how they are: they are on this machine, and no proxy leads there.
 *
 * Bun's `fetch` sends even 127.0.0.1 to HTTP_PROXY or ALL_PROXY (Docker sets them in every container); `proxy: ""` does not
 * change that, and of the two variables the one in small letters goes before the other.
 */
process.env.NO_PROXY = "*";
process.env.no_proxy = "*";
