import "./workers.js";
import "monaco-graphql/esm/monaco-editor.js";
import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "@graphiql/plugin-explorer/style.css";
import "graphiql/graphiql.css";
import "./page.css";

import { explorerPlugin } from "@graphiql/plugin-explorer";
import { GraphiQL, HISTORY_PLUGIN } from "graphiql";
import { createRoot } from "react-dom/client";
import { createStorage, selectFirstTab } from "./storage.js";

const { endpoint, token, examples } = JSON.parse(document.getElementById("config").textContent);
const headers = token ? JSON.stringify({ Authorization: `Bearer ${token}` }, null, 2) : undefined;
const storage = createStorage({ token, headers });
selectFirstTab(storage, examples[0]);
const plugins = [HISTORY_PLUGIN, explorerPlugin()];

async function fetcher(request, options) {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/graphql-response+json, application/json;q=0.9",
      ...options?.headers,
    },
    body: JSON.stringify(request),
  });
  return response.json();
}

createRoot(document.getElementById("graphiql")).render(
  <GraphiQL
    fetcher={fetcher}
    storage={storage}
    plugins={plugins}
    defaultTabs={examples.map((example) => ({ ...example, headers }))}
    defaultHeaders={headers}
    defaultQuery=""
    // They may be, that is: the storage says whether the person wants it, and by default says no.
    shouldPersistHeaders
  />,
);
