from tests.writing.test_model import *
from tests.writing import model_posts, model_rules
old = model_rules.remove
def remove(state, row):
    if row["kind"] == "template":
        for other in state.rows.values():
            if other.get("template") == row["id"]: other["template"] = None
    return old(state, row)
model_rules.remove = remove
