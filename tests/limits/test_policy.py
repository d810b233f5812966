"""What a server in production tells about itself: nothing that it is not asked to."""

from tests.limits.conftest import Serve
from zorbit.config import Profile, Settings

WRONG = "query ($type: QuotaType!) { viewer { quota(type: $type) { used } } }"


async def test_without_introspection_the_schema_is_not_told_and_type_names_are(serve: Serve) -> None:
    async with serve(introspection=False) as both:
        for field in ("__schema { queryType { name } }", '__type(name: "User") { name }'):
            for query in (f"{{ {field} }}", f"{{ ...F }} fragment F on Query {{ {field} }}"):
                (error,) = (await both.ask(query))["errors"]
                assert error["extensions"] == {"code": "INTROSPECTION_DISABLED"}
        names = await both.ask("{ __typename viewer { __typename } }")

    assert names["data"] == {"__typename": "Query", "viewer": {"__typename": "User"}}


async def test_without_suggestions_no_error_says_what_may_have_been_meant(serve: Serve) -> None:
    asked = [("{ vewer { id } }", None), ("{ viewer { posts(frist: 1) { totalCount } } }", None)]
    asked += [(WRONG, {"type": "POST_GENERATIO"})]  # type: ignore[list-item] # other variables
    async with serve() as both:
        told = [await both.ask(*one) for one in asked]
    async with serve(suggestions=False) as both:
        kept = [await both.ask(*one) for one in asked]

    assert all("Did you mean" in answer["errors"][0]["message"] for answer in told)
    assert not any("Did you mean" in error["message"] for answer in kept for error in answer["errors"])


async def test_in_production_graphiql_is_not_served(serve: Serve) -> None:
    quiet = Settings(profile=Profile.PRODUCTION)
    async with serve(graphiql=quiet.graphiql) as both:
        page = await both.clients[0].http.get("/graphql", headers={"accept": "text/html"})

    assert page.status_code == 406
