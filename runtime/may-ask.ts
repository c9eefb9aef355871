/**
 * Who may ask a server of ours over HTTP: Host, Origin and Sec-Fetch-Site are looked at.
 *
 * A browser on the same laptop visits other sites too: a site that names itself 127.0.0.1 by DNS (rebinding) arrives
 * with its own name in Host, and a foreign page's request says so in Sec-Fetch-Site or Origin.
 * Source: Fetch Metadata; design.md section 7.
 */

/** Why a request is not answered, and the header that says so. */
export interface Refusal {
  detail: string;
  header: string;
}

const FOREIGN = "a page of another site may not send requests here";

/**
 * `hosts`: names beside addresses, single-label names and localhost, which no rebinding can use. Such a name may stand in
 * Host, or in Origin where a proxy puts a Host of its own; with any port and scheme, since TLS ends at the proxy.
 */
export function createMayAsk(
  hosts: readonly string[],
): (headers: Headers, method: string) => Refusal | undefined {
  const allowed = new Set(hosts.map((host) => host.toLowerCase()));
  return (headers, method) => {
    const host = hostName(headers.get("host") ?? "");
    if (!isSafe(host) && !allowed.has(host))
      return {
        detail: `the host "${host.slice(0, 100)}" is not one of ours; ALLOWED_HOSTS adds names`,
        header: "Host",
      };
    const origin = headers.get("origin");
    if (origin !== null && !sameHost(origin, headers.get("host")) && !allowed.has(nameOf(origin)))
      return { detail: FOREIGN, header: "Origin" };
    const site = headers.get("sec-fetch-site");
    const navigates = headers.get("sec-fetch-mode") === "navigate" && method === "GET";
    if (site !== null && site !== "same-origin" && site !== "none" && !navigates)
      return { detail: FOREIGN, header: "Sec-Fetch-Site" };
    return undefined;
  };
}

/** "127.0.0.1:5001" -> "127.0.0.1", "[::1]:5001" -> "[::1]" */
function hostName(header: string): string {
  return header.toLowerCase().replace(/:\d+$/, "").replace(/\.$/, "");
}

/** An address cannot be rebound, and a name without a dot is not in the public DNS. */
function isSafe(host: string): boolean {
  if (/^\[[0-9a-f:.]+\]$/.test(host) || /^\d{1,3}(\.\d{1,3}){3}$/.test(host)) return true;
  return /^[a-z0-9_-]+$/.test(host) || host.endsWith(".localhost");
}

function sameHost(origin: string, host: string | null): boolean {
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
}

const nameOf = (origin: string): string => (URL.canParse(origin) ? new URL(origin).hostname : "");
