// Asks each server twice, by Apollo Client and by urql with their links for persisted queries, and prints what
// each sent and was answered. Arguments: a token, and a list of {url, id}; an id stands for the hash, if given.
import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { print } from "@apollo/client/utilities";
import { Client, fetchExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";

const [token, servers] = process.argv.slice(2);
const headers = { authorization: `Bearer ${token}`, "Apollo-Require-Preflight": "true" };
const sha256 = (text) => createHash("sha256").update(text).digest("hex");

function recording(sent) {
  return async (address, options) => {
    const response = await fetch(address, options);
    const content = options.body ? JSON.parse(options.body) : Object.fromEntries(new URL(address).searchParams);
    const extensions = typeof content.extensions === "string" ? JSON.parse(content.extensions) : content.extensions;
    const parts = [content.query && "text", extensions?.persistedQuery && "hash"].filter(Boolean);
    sent.push(`${options.method} ${parts.join(" and ")}: ${response.status}`);
    return response;
  };
}

function apollo({ url: uri, id }, query, byGet, sent) {
  const generateHash = (document) => id ?? sha256(print(document));
  const persisted = new PersistedQueryLink({ generateHash, useGETForHashedQueries: byGet });
  const link = ApolloLink.from([persisted, new HttpLink({ uri, headers, fetch: recording(sent) })]);
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  return () => client.query({ query: gql(query), fetchPolicy: "network-only", errorPolicy: "all" });
}

function urql({ url, id }, query, byGet, sent) {
  const generateHash = async (text) => id ?? sha256(text);
  const persisted = persistedExchange({ generateHash, preferGetForPersistedQueries: byGet });
  const exchanges = [persisted, fetchExchange];
  const client = new Client({ url, exchanges, fetchOptions: { headers }, fetch: recording(sent), preferGetMethod: false });
  return () => client.query(query, {}, { requestPolicy: "network-only" }).toPromise();
}

const found = [];
for (const server of JSON.parse(servers)) {
  for (const make of [apollo, urql]) {
    for (const byGet of [false, true]) {
      const sent = [];
      const name = server.id ? "Mine" : `${make.name}By${byGet ? "Get" : "Post"}`;
      const ask = make(server, `query ${name} { viewer { id } }`, byGet, sent);
      const answers = [];
      for (const { data, error } of [await ask(), await ask()]) answers.push(error ? error.message : data.viewer.id);
      found.push({ sent, answers });
    }
  }
}
console.log(JSON.stringify(found));
