// One origin may serve other GraphiQLs too (localhost:8000 often does): they share GraphiQL's own prefix, not this one.
const PREFIX = "zorbit:";
const PERSISTS_HEADERS = "graphiql:shouldPersistHeaders";
const HEADERS = "graphiql:headers";
const TABS = "graphiql:tabState";
const HISTORY = ["graphiql:queries", "graphiql:favorites"];
const MARK = "{{token filled in by the server}}";

const read = (key) => localStorage.getItem(PREFIX + key);
const ownKeys = () => Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
const persistsHeaders = () => read(PERSISTS_HEADERS) === "true";
const mapHeaders = (json, change) =>
  json && JSON.stringify(JSON.parse(json), (key, value) => (key === "headers" ? change(value) : value));

/**
 * localStorage without secrets. The server's token is stored as a mark, which stands for the fresh token at the next
 * visit. Other headers are kept only if the person says so in the settings; GraphiQL's history would keep them anyway.
 * Headers that weren't kept come back as `headers`.
 */
export function createStorage({ token, headers = null }) {
  function getItem(key) {
    if (key === PERSISTS_HEADERS) return String(persistsHeaders());
    if (key === HEADERS && !persistsHeaders()) return headers;
    const value = token ? (read(key)?.replaceAll(MARK, token) ?? null) : read(key);
    return key === TABS || HISTORY.includes(key) ? mapHeaders(value, (kept) => kept ?? headers) : value;
  }

  function setItem(key, value) {
    const marked = token ? value.replaceAll(token, MARK) : value;
    const dropsHeaders = HISTORY.includes(key) && !persistsHeaders();
    localStorage.setItem(PREFIX + key, dropsHeaders ? mapHeaders(marked, () => null) : marked);
    if (key === PERSISTS_HEADERS) HISTORY.filter(read).forEach((list) => setItem(list, read(list)));
  }

  return {
    getItem,
    setItem,
    removeItem: (key) => localStorage.removeItem(PREFIX + key),
    clear: () => ownKeys().forEach((key) => localStorage.removeItem(key)),
    get length() {
      return ownKeys().length;
    },
  };
}

/** At the first visit, select the first tab: GraphiQL takes a selected tab's variables from here alone. */
export function selectFirstTab(storage, { query, variables }) {
  if (storage.getItem(TABS)) return;
  storage.setItem("graphiql:query", query);
  if (variables) storage.setItem("graphiql:variables", variables);
}
