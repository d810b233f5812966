// Runs the server audits of graphql-http against the address given, with a header that forces a preflight and without.
import { auditServer } from "graphql-http";

const [url, name] = process.argv.slice(2);

async function audit(forced) {
  const fetchFn = (address, options = {}) =>
    fetch(address, { ...options, headers: { ...options.headers, ...forced } });
  const results = await auditServer({ url, fetchFn });
  return results.map(({ id, name, status, reason }) => ({ id, name, status, reason }));
}

console.log(JSON.stringify({ forced: await audit({ [name]: "true" }), plain: await audit({}) }));
